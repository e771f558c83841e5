"""What is told of operators only to who may see people: their names, and what is stored of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from ghost.core.audit import actors
from ghost.core.audit.models import ActorKind, AuditEvent
from ghost.core.audit.trail import HIDDEN

PERMISSION = "auth.view_user"
KINDS = frozenset({"user", "authenticator", "emailaddress", "usersession"})
"""Of objects: people, and what belongs to one."""
NAMING_FIELDS = frozenset({"created_by", "postponed_by", "trigger"})
"""Of other objects: who did something to them."""


def can_see_people() -> bool:
    """Whether whoever asks just now may; outside of a request everybody may."""
    request = actors.request()
    return request is None or request.user.has_perm(PERMISSION)


def shown(name: str) -> str:
    """An operator's name, or that it was one."""
    return name if can_see_people() else _("an operator")


def actor_of(event: AuditEvent) -> str:
    """Who did it, as far as the reader may know; everybody may know what he did himself."""
    request = actors.request()
    own = request.user.pk if request else None
    is_other = event.actor_kind == ActorKind.OPERATOR and event.actor_key != own
    return shown(event.actor_name) if is_other else event.actor_name


def object_of(event: AuditEvent) -> str:
    """What it was done to, as far as the reader may know."""
    return shown(event.object_name) if event.object_type in KINDS else event.object_name


def changes_of(event: AuditEvent) -> dict[str, list[Any]]:
    """What changed, as far as the reader may know."""
    return event.changes if can_see_people() else masked(event.object_type, event.changes)


def masked(object_type: str, changes: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The changes without what they tell of operators."""
    is_person = object_type in KINDS
    return {
        name: [value and HIDDEN for value in sides] if is_person or name in NAMING_FIELDS else sides
        for name, sides in changes.items()
    }
