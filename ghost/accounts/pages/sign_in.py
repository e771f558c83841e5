"""Signing in to the admin: first the password, then the second factor of who has one."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from ghost.accounts import attempts
from ghost.accounts.pages.password_input import with_shown_passwords


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """unfold's form, which lets nobody guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        with_shown_passwords(self)

    def clean(self) -> dict[str, Any]:
        """Too many attempts are refused, whatever the password is; a success forgets them."""
        tried = attempts.at_password(self.request, self.cleaned_data.get("username", ""))
        with attempts.counted_in_form(tried):
            cleaned: dict[str, Any] = super().clean()
        tried.forget()
        return cleaned


class SignInView(LoginView):
    """Django's page, whose success is allauth's: it asks for what else is needed."""

    authentication_form = SignInForm
    template_name = "admin/account/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # Django's
        """Who may be here already goes on; who no longer may can sign in as somebody else."""
        if request.method == "GET" and admin.site.has_permission(request):
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ANN401  # Django's form
        """The next page: where they wanted to go, or the second factor's."""
        user: User = form.get_user()
        login = Login(user=user, redirect_url=self.get_success_url())
        known_as = {"username": user.get_username()}
        answer: HttpResponse = perform_password_login(self.request, known_as, login)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With what the admin's pages share."""
        page = {
            "title": _("Log in"),
            "app_path": self.request.get_full_path(),
            "username": self.request.user.get_username(),
        }
        return super().get_context_data(**admin.site.each_context(self.request), **page, **kwargs)
