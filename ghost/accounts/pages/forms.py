"""The forms of the account pages: allauth's, in the admin's look, where nobody may guess."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DataError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from ghost.accounts import attempts
from ghost.accounts.factors import one_time_codes
from ghost.accounts.factors.second_factor_secrets import UnreadableSecretError
from ghost.accounts.pages.password_input import PasswordInput
from ghost.core.audit import access
from ghost.core.audit.models import SECOND_FACTOR_FAILED
from teams.models import Attempt

MOST_CHARS = 100
"""Of a code, or of a key's name."""
MOST_OF_ANSWER = 20_000
"""Characters of what a passkey or security key answers: with an attestation some 4,000."""


def _code_field(help_text: Any = "") -> forms.CharField:  # noqa: ANN401  # str or lazy
    widget = UnfoldAdminTextInputWidget(
        {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    )
    return forms.CharField(
        label=_("Code"), max_length=MOST_CHARS, widget=widget, help_text=help_text
    )


class _CountedCode(forms.Form):
    """A code that is asked for: five wrong ones, and nobody tries for a while; none works twice."""

    user: Any
    authenticator: Any
    counted = staticmethod(attempts.at_code)

    def clean_code(self) -> str:
        """The code; ValidationError if it is not right, was used, or too many were tried."""
        tried = self.counted(context.request, self.user)
        with _failure_noted(self.user), attempts.counted_in_form(tried):
            try:
                code: str = super().clean_code()  # type: ignore[misc]  # allauth's
            except UnreadableSecretError as error:
                raise ValidationError(str(error), code="unreadable") from error
            if self.authenticator.type == Authenticator.Type.TOTP and not one_time_codes.take(
                self.authenticator
            ):
                raise get_adapter().validation_error("incorrect_code")
        tried.forget()
        return code


class CodeForm(_CountedCode, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The second factor of who signs in."""

    code = _code_field(_("From your authenticator app, or one of your recovery codes."))


class ConfirmByCodeForm(_CountedCode, CodeAgainForm):  # type: ignore[misc]  # as above
    """The second factor of who is signed in."""

    counted = staticmethod(attempts.at_confirmation)
    code = _code_field(_("From your authenticator app, or one of your recovery codes."))


class AddAppForm(ActivateTOTPForm):  # type: ignore[misc]  # as above
    """The first code of a new authenticator app."""

    code = _code_field(_("The code that your app shows now."))

    def clean_code(self) -> str:
        """The code, counted as all others are."""
        tried = attempts.at_confirmation(context.request, self.user)
        with attempts.counted_in_form(tried):
            code: str = super().clean_code()
        tried.forget()
        return code


class ConfirmByPasswordForm(ReauthenticateForm):  # type: ignore[misc]  # as above
    """The password of who is signed in: guessed no faster than at the door."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )

    def clean_password(self) -> str:
        """The password; ValidationError if it is another, or too many were tried."""
        tried = attempts.at_password(context.request, self.user.get_username())
        with attempts.counted_in_form(tried):
            password: str = super().clean_password()
        tried.forget()
        return password


class CredentialField(forms.JSONField):
    """What a passkey or security key answers: JSON of a stranger, bounded before it is read."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """The same as values; ValidationError for what is too long, too deep or no JSON."""
        if len(value or "") > MOST_OF_ANSWER:
            raise get_adapter().validation_error("incorrect_code")
        with _readable():
            return super().to_python(value)


class _CountedKey(forms.Form):
    """The answer of a passkey or security key."""

    user: Any
    credential = CredentialField()
    counted = staticmethod(attempts.at_key)

    def clean_credential(self) -> Authenticator:
        """Whose it is; ValidationError if it is not right, or too many were tried."""
        tried = self.counted(context.request, self.user)
        with _failure_noted(self.user), attempts.counted_in_form(tried), _readable():
            key: Authenticator = super().clean_credential()  # type: ignore[misc]  # allauth's
        tried.forget()
        return key


_UNREADABLE = (
    ArithmeticError, AttributeError, DataError, InvalidSignature, LookupError, RecursionError, TypeError,
    ValueError, struct.error,
)  # fmt: skip


@contextmanager
def _failure_noted(user: User | None) -> Iterator[None]:
    """A second factor that is refused is in the audit trail, with the address."""
    try:
        yield
    except ValidationError:
        access.refuse(SECOND_FACTOR_FAILED, username=user.get_username() if user else "")
        raise


@contextmanager
def _readable() -> Iterator[None]:
    """ValidationError for what no key ever answered: fido2 takes it for a fault of the program."""
    try:
        yield
    except _UNREADABLE as error:
        raise get_adapter().validation_error("incorrect_code") from error


class KeyForm(_CountedKey, AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """The second factor of who signs in."""


class PasskeyForm(_CountedKey, LoginWebAuthnForm):  # type: ignore[misc]  # as above
    """Signing in by a passkey alone: it checks a finger, a face or a PIN, so it is two factors."""

    @staticmethod
    def counted(request: HttpRequest, user: User | None) -> Attempt.Of:
        """Nobody knows yet whose it is."""
        return attempts.at_passkey(request)


class ConfirmByKeyForm(_CountedKey, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """The second factor of who is signed in."""

    counted = staticmethod(attempts.at_confirmation)


def _name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=MOST_CHARS,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("A name to recognise it by."),
    )


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # as above
    """A new passkey or security key."""

    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        """What the key answered; ValidationError if it is none."""
        with _readable():
            cleaned: dict[str, Any] = super().clean()
        return cleaned

    name = _name_field()
    passwordless = forms.BooleanField(
        label=_("Use it as a passkey"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_(
            "A passkey signs you in without a password: it asks for your finger, face or PIN instead."
        ),
    )


class NameKeyForm(EditWebAuthnForm):  # type: ignore[misc]  # as above
    """Another name for a passkey or security key."""

    name = _name_field()
