"""Signing in to the admin."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from ghost.core.errors import RefusedError
from ghost.core.http.client_address import client_address
from teams.models import Attempt


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """unfold's form, which `settings.UNFOLD` replaces by this one."""

    def clean(self) -> dict[str, Any]:
        """Too many attempts are refused, whatever the password is; a success forgets them."""
        username = self.cleaned_data.get("username", "").casefold()[:150]
        address = client_address(self.request)
        try:
            Attempt.objects.take(username, address)
        except RefusedError as error:
            raise ValidationError(str(error), code="throttled") from error
        cleaned: dict[str, Any] = super().clean()
        Attempt.objects.filter(username=username, address=address).delete()
        return cleaned
