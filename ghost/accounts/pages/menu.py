"""What the menu under one's name offers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def account_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Links of unfold's user menu."""
    found = [
        (_("Second factor"), "mfa_index"),
        (_("Where you are signed in"), "usersessions_list"),
        (_("Change password"), "account_change_password"),
    ]
    return [{"title": title, "link": reverse(name)} for title, name in found]
