"""Who forgot the password: asking for a link by mail, and setting a new one by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from unfold.widgets import UnfoldAdminEmailInputWidget

from ghost.accounts import attempts, notices, tasks
from ghost.accounts.links import reset_links
from ghost.accounts.pages.password_input import with_shown_passwords
from ghost.core.errors import RefusedError
from ghost.core.io import mail
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class AddressForm(forms.Form):
    """To whom the link is sent."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget({"autocomplete": "email", "autofocus": True}),
    )


class ForgottenPasswordPage(FormView[AddressForm]):
    """Takes an address, and says the same whether it is anybody's or not."""

    form_class = AddressForm
    template_name = "admin/account/forgotten_password.html"

    def form_valid(self, form: AddressForm) -> HttpResponse:
        """TooManyAttemptsError (429) if somebody asks too often."""
        attempts.at_reset(self.request).take()
        if mail.is_set_up():
            with transaction.atomic():
                reset_links.note(form.cleaned_data["email"])
                transaction.on_commit(_queue)
        return self.render_to_response(self.get_context_data(is_asked=True))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With whether a mail can be sent at all."""
        shared = admin.site.each_context(self.request)
        shared |= {"title": gettext("Reset your password"), "can_mail": mail.is_set_up()}
        minutes = int(reset_links.LASTS.total_seconds() // 60)
        return super().get_context_data(**shared, minutes=minutes, **kwargs)


def _queue() -> None:
    queue.enqueue(tasks.send_reset_links, kind=JobKind.OTHER)


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # Django's takes none at run time
    """The new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        with_shown_passwords(self)


class NewPasswordPage(PasswordResetConfirmView):
    """Where the link leads. Nobody is signed in by it: the second factor is asked for as ever."""

    form_class = NewPasswordForm
    template_name = "admin/account/new_password.html"

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ANN401  # Django's form
        """To the sign-in, or the page that says that the link is of no use any more."""
        attempts.at_reset(self.request).take()
        token = self.request.session.get(INTERNAL_RESET_SESSION_TOKEN, "")
        person = cast("User", self.user)  # without one there is no form
        try:
            reset_links.use(person, token, form.cleaned_data["new_password1"])
        except RefusedError:
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        notices.send(self.request, person, "password_changed")
        messages.success(self.request, gettext("Your password was changed. Sign in with it."))
        return redirect("account_login")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With what the admin's pages share."""
        found = super().get_context_data(**kwargs) | admin.site.each_context(self.request)
        return found | {"title": gettext("Set a new password")}
