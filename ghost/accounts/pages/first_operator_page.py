"""The page of the link that the first operator gets: a name, and a password."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.generic import FormView
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from ghost.accounts import attempts
from ghost.accounts.links import first_operator
from ghost.accounts.pages.password_input import with_shown_passwords
from ghost.core.errors import RefusedError


class FirstOperatorForm(BaseUserCreationForm[User]):
    """Name, address and password; the row is written by `first_operator.redeem`."""

    class Meta:
        model = User
        fields = ("username", "email")
        widgets = {
            "username": UnfoldAdminTextInputWidget({"autocomplete": "username"}),
            "email": UnfoldAdminEmailInputWidget({"autocomplete": "email"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        with_shown_passwords(self)


class FirstOperatorPage(FormView[FirstOperatorForm]):
    """Open to whoever has the link, as long as there is no operator."""

    form_class = FirstOperatorForm
    template_name = "admin/account/first_operator.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # Django's
        """404 for a link that opens nothing; TooManyAttemptsError (429) for who sends it too often.

        Looking is not counted: nobody finds 256 bits, and any page can make a browser look.
        """
        if request.method == "POST":
            attempts.at_first_operator(request).take()
        if not first_operator.is_open(kwargs["token"]):
            return self._closed()
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: FirstOperatorForm) -> HttpResponse:
        """To the sign-in."""
        person = form.instance
        person.password = make_password(form.cleaned_data["password1"])
        try:
            first_operator.redeem(self.kwargs["token"], person)
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        except RefusedError:
            return self._closed()
        messages.success(self.request, gettext("Your account was made. Sign in with it."))
        return redirect("account_login")

    def _closed(self) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=None), status=404)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With what the admin's pages share."""
        shared = admin.site.each_context(self.request)
        return super().get_context_data(
            **shared | {"title": gettext("The first operator")}, **kwargs
        )
