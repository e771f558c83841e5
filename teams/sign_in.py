"""Signing in to the admin, and changing one's own password: both ask for one that may be guessed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from unfold.forms import AuthenticationForm

from ghost.core.http.client_address import client_address, counted_as
from teams.models import Attempt
from teams.models.sign_in_attempt import TooManyAttemptsError


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """unfold's form, which `settings.UNFOLD` replaces by this one."""

    def clean(self) -> dict[str, Any]:
        """Too many attempts are refused, whatever the password is; a success forgets them."""
        attempts = _attempts(self.request, self.cleaned_data.get("username", ""))
        try:
            with attempts.counted():
                cleaned: dict[str, Any] = super().clean()
        except TooManyAttemptsError as error:
            raise ValidationError(str(error), code="throttled") from error
        attempts.forget()
        return cleaned


def change_password(request: HttpRequest) -> HttpResponseBase:
    """The admin's page for one's own password: the old one is guessed no faster than at its door.

    TooManyAttemptsError (429) if it was tried too often.
    """
    page = admin.site.admin_view(admin.site.password_change, cacheable=True)
    if request.method != "POST" or not request.user.is_authenticated:
        return page(request)
    attempts = _attempts(request, request.user.get_username())
    with attempts.counted():
        response: HttpResponseBase = page(request)
    if isinstance(response, HttpResponseRedirect):
        attempts.forget()
    return response


def _attempts(request: HttpRequest, username: str) -> Attempt.Of:
    return Attempt.Of(username.casefold()[:150], counted_as(client_address(request)))
