"""Who must have a second factor (GHOST_MFA_REQUIRED_GROUPS), and who has none yet.

Until they have one, Ghost knows them on the pages that set one up, and is to them everywhere else, in
the admin, the API and on the site, what it is to strangers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Group, User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject

EVERYBODY = "*"
SET_UP = "mfa_index"
OPEN = frozenset({
    SET_UP, "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes",
    "account_login", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    "admin:logout", "admin:jsi18n", "set_language",
})  # fmt: skip
"""Names of the addresses that are open to people who must set up a second factor."""
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as one: recovery codes only stand in for it."""


def has_second_factor(user: AbstractBaseUser) -> bool:
    """Whether this person has set one up."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def is_required(user: Any) -> bool:  # noqa: ANN401  # Django's union of users
    """Whether this person must have one: by a group, and superusers as soon as one is named, since
    they may do whatever its members may."""
    groups = settings.GHOST.mfa_required_groups
    if not (groups and isinstance(user, User)):
        return False
    everybody = EVERYBODY in groups or user.is_superuser
    return everybody or user.groups.filter(name__in=groups).exists()


def is_missing(user: Any) -> bool:  # noqa: ANN401  # as above
    """Whether this person must set one up first."""
    return is_required(user) and not has_second_factor(user)


def unknown_groups() -> list[str]:
    """Names in GHOST_MFA_REQUIRED_GROUPS that no group has."""
    wanted = set(settings.GHOST.mfa_required_groups) - {EVERYBODY}
    return sorted(
        wanted - set(Group.objects.filter(name__in=wanted).values_list("name", flat=True))
    )


class SecondFactorMiddleware:
    """Sends whoever must set up a second factor to where that is done, and knows them nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """A redirect, in the admin. Nothing is looked up for requests that look nobody up."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not settings.GHOST.mfa_required_groups or name in OPEN:
            return None
        known = request.user
        request.user = SimpleLazyObject(lambda: AnonymousUser() if is_missing(known) else known)  # type: ignore[assignment]  # it stands for either
        if request.path_info.startswith("/admin/") and known != request.user:
            return redirect(SET_UP)
        return None
