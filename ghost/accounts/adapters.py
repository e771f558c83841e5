"""What allauth asks of the program that it is part of."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ghost.accounts import (
    confirmation,
    notices,
    operator_sessions,
    requirement,
)
from ghost.accounts.factors import second_factor_secrets
from ghost.core.http.request.client_address import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """People are made by people, and known by the address that all of Ghost knows them by."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As `ghost.core.http.request.client_address` has it."""
        return client_address(request) or operator_sessions.UNKNOWN

    def is_safe_url(self, url: str) -> bool:
        """Whether it leads to this very host."""
        request: HttpRequest = self.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def pre_login(self, request: HttpRequest, user: User, **_more: Any) -> HttpResponse | None:  # noqa: ANN401  # allauth's
        """Nobody but operators signs in, by whatever way."""
        if user.is_active and user.is_staff:
            request.session[RIGHTS_DIGEST] = _rights_digest(user)
            return None
        return _refused(request)

    def login(self, request: HttpRequest, user: User) -> None:
        """After the last step: what held at the first one must hold still."""
        held = request.session.pop(RIGHTS_DIGEST, None)
        if not (user.is_active and user.is_staff) or held != _rights_digest(user):
            raise ImmediateHttpResponse(_refused(request))
        super().login(request, user)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """In our words; of what has none, such as having signed in, nothing is said."""
        told = message or MESSAGES.get(message_template or "")
        if told:
            messages.add_message(request, level, str(told), extra_tags=extra_tags)

    def is_reauthentication_required(self, *, app: str, **_more: Any) -> bool:  # noqa: ANN401  # allauth's
        """As `ghost.accounts.confirmation` has it."""
        return not confirmation.is_recent(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # Django's union of users
        """By the second factor of who has one: a password alone is what may have been stolen."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        stronger = [each for each in methods if each["id"].startswith("mfa_reauthenticate")]
        for each in stronger:
            each["description"] = KINDS[each["id"]]
        has_app = user.is_authenticated and _has(user, Authenticator.Type.TOTP)
        return (stronger if has_app else stronger[::-1]) or methods

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """By a worker, and in our words: see `notices`."""
        notices.send(self.request, user, template_prefix)


RIGHTS_DIGEST = "rights_digest"
"""Of the session's data: the digest of somebody's rights when the first step of signing in was done."""


def _rights_digest(user: User) -> str:
    """Password, rights and groups, as a digest."""
    groups = sorted(user.groups.values_list("pk", flat=True))
    held = f"{user.get_session_auth_hash()} {user.is_superuser} {groups}"
    return salted_hmac("ghost.accounts.rights", held, algorithm="sha256").hexdigest()


def _refused(request: HttpRequest) -> HttpResponse:
    clear_login(request)
    messages.error(request, gettext("This account may not sign in."))
    return redirect("account_login")


MESSAGES = {
    "mfa/messages/totp_activated.txt": _("The authenticator app was added."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app was removed."),
    "mfa/messages/webauthn_added.txt": _("The key was added."),
    "mfa/messages/webauthn_removed.txt": _("The key was removed."),
}
"""By allauth's names."""
KINDS = {
    "mfa_reauthenticate": _("Use a code instead"),
    "mfa_reauthenticate:webauthn": _("Use a passkey or security key instead"),
}


def _has(user: User, kind: str) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=kind).exists())


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What is particular to Ghost's second factors."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This was not accepted. A code works once, and for 30 seconds."),
        "cannot_delete_authenticator": _(
            "You must have a second factor: set up another one before you remove this."
        ),
        "cannot_generate_recovery_codes": _("Set up a second factor first."),
    }

    def encrypt(self, text: str) -> str:
        """As `ghost.accounts.factors.second_factor_secrets` has it."""
        return second_factor_secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """As `ghost.accounts.factors.second_factor_secrets` has it."""
        return second_factor_secrets.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of who must have one."""
        if authenticator.type not in requirement.FACTORS:
            return True
        others = Authenticator.objects.exclude(pk=authenticator.pk)
        mine = others.filter(user=authenticator.user, type__in=requirement.FACTORS)
        return bool(mine.exists()) or not requirement.is_required(authenticator.user)

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002  # allauth's
        """What a key is called until somebody names it."""
        number = Authenticator.objects.filter(user=user, type=type).count()
        return str(gettext("Key %d") % (number + 1))

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return str(settings.GHOST.site_title)
