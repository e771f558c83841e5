"""Before the dangerous, people say once more who they are: what that is stands here, in one list.

A session that was left open, or was stolen, opens less by that. Signing in counts. What is sent too late
is not done, and kept nowhere (it may hold passwords): the page that asks says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import authentication_step_completed
from django.contrib import admin, messages
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ghost.accounts import operator_sessions

ASKED_AFTER_S = 10 * 60
"""A page for something dangerous opens so long after the last time; later it asks first."""
GOOD_FOR_S = 15 * 60
"""What was filled in on it is taken so long after: nobody is asked over a form just begun."""
CONFIRMED_AT = "confirmed_at"
"""Of the session's data: when they last said who they are, in seconds since 1970."""

ALWAYS = frozenset({
    # one's own account
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_add_webauthn", "mfa_edit_webauthn",
    "mfa_remove_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "account_change_password", "admin:password_change",
    # other people's
    "admin:auth_user_add", "admin:auth_user_change", "admin:auth_user_delete",
    "admin:auth_user_password_change", "admin:auth_user_account",
    "admin:auth_group_add", "admin:auth_group_change", "admin:auth_group_delete",
    # what opens the API, what holds everything, and what can't be undone
    "admin:teams_token_add", "admin:ghost_backup_download", "admin:resources_resource_delete", "admin:resources_category_delete",
})  # fmt: skip
"""Names of addresses that ask before they show anything."""
WHEN_SENT = frozenset({
    "usersessions_list",
    "admin:teams_token_change", "admin:teams_token_changelist", "admin:teams_team_changelist",
    "admin:builds_deployment_changelist",
})  # fmt: skip
"""Names of addresses that anybody may look at, and that ask when something is sent to them."""


def is_recent(request: HttpRequest, within_s: float = GOOD_FOR_S) -> bool:
    """Whether the caller confirmed who they are within the last `within_s` seconds."""
    ago_s: float = time.time() - request.session.get(CONFIRMED_AT, 0)
    return 0 <= ago_s < within_s


def is_needed(request: HttpRequest) -> bool:
    """Whether this request has to wait until they have."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    is_sent = request.method not in ("GET", "HEAD", "OPTIONS")
    if name not in ALWAYS and not (is_sent and name in WHEN_SENT):
        return False
    return not is_recent(request, GOOD_FOR_S if is_sent else ASKED_AFTER_S)


class ConfirmationMiddleware:
    """Asks who it is before what `is_needed` says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """The way to the page that asks, and from there back."""
        if not admin.site.has_permission(request) or not is_needed(request):
            return None
        if request.method == "POST":
            told = _("Nothing was done yet: confirm that it is you, then do it again.")
            messages.warning(request, told)
        return ask(request)


def ask(request: HttpRequest) -> HttpResponse:
    """To the page that asks who it is, then back to this address."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        raise PermissionDenied  # neither password nor second factor: nothing to ask for
    back = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{methods[0]['url']}?{back}")


def note(request: HttpRequest) -> None:
    """They have just said who they are."""
    request.session[CONFIRMED_AT] = int(time.time())


def _signed_in(sender: object, *, request: HttpRequest, **_more: Any) -> None:  # noqa: ANN401  # a signal's
    note(request)


def _confirmed(sender: object, *, request: HttpRequest, **more: Any) -> None:  # noqa: ANN401  # as above
    if more.get("reauthenticated"):
        operator_sessions.renew_key(request)
        note(request)


def connect() -> None:
    """Hear of sign-ins and confirmations."""
    user_logged_in.connect(_signed_in, dispatch_uid="accounts.confirmation")
    authentication_step_completed.connect(_confirmed, dispatch_uid="accounts.confirmation")
