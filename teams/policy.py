"""Who may do what through the API: one table, and nothing beside it.

Which rows an actor sees is the matter of the querysets (`in_scope`); this table says which
actions a role has at all. Endpoints call `require`; tests are generated from the table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ghost.errors import ForbiddenError
from teams.roles import Role

if TYPE_CHECKING:
    from teams.models import Token


class Action(StrEnum):
    """What can be asked through the API."""

    SESSION_VERIFY = "session.verify"
    BUILD_STATUS = "build.status"
    BUILD_TRIGGER = "build.trigger"
    BUILD_LIST = "build.list"
    RESOURCE_LIST = "resource.list"
    RESOURCE_CREATE = "resource.create"
    RESOURCE_READ = "resource.read"
    RESOURCE_UPDATE = "resource.update"
    RESOURCE_TAKE_DOWN = "resource.take_down"
    RESOURCE_PROBE = "resource.probe"
    RESOURCE_REVIEW = "resource.review"
    TORZNAB_SEARCH = "torznab.search"
    CATEGORY_LIST = "category.list"
    CATEGORY_WRITE = "category.write"
    TEAM_LIST = "team.list"
    TEAM_CREATE = "team.create"
    TEAM_INVITE = "team.invite"
    MEMBER_LIST = "member.list"
    MEMBER_REVOKE = "member.revoke"
    DHT_SCAN = "dht.scan"
    TOKEN_MANAGE = "token.manage"  # noqa: S105  # an action's name
    TOKEN_ROTATE = "token.rotate"  # noqa: S105  # an action's name
    TASK_READ = "task.read"
    EVENT_STREAM = "event.stream"
    EVENT_STATS = "event.stats"
    AUDIT_LIST = "audit.list"


_ALL = frozenset(Role)
_PUBLISHERS = frozenset({Role.ADMIN, Role.PUBLISHER})
_ADMIN = frozenset({Role.ADMIN})

ALLOWED: dict[Action, frozenset[Role]] = {
    Action.SESSION_VERIFY: _ALL,
    Action.BUILD_STATUS: _ALL,
    Action.BUILD_TRIGGER: _ADMIN,
    Action.BUILD_LIST: _ADMIN,
    Action.RESOURCE_LIST: _ALL,
    Action.RESOURCE_CREATE: _ALL,
    Action.RESOURCE_READ: _ALL,
    Action.RESOURCE_UPDATE: _ALL,
    Action.RESOURCE_TAKE_DOWN: _ADMIN,
    Action.RESOURCE_PROBE: _ALL,
    Action.RESOURCE_REVIEW: _ADMIN,
    Action.TORZNAB_SEARCH: _ALL,
    Action.CATEGORY_LIST: _ALL,
    Action.CATEGORY_WRITE: _PUBLISHERS,
    Action.TEAM_LIST: _ALL,
    Action.TEAM_CREATE: _PUBLISHERS,
    Action.TEAM_INVITE: _PUBLISHERS,
    Action.MEMBER_LIST: _PUBLISHERS,
    Action.MEMBER_REVOKE: _PUBLISHERS,
    Action.DHT_SCAN: _ADMIN,
    Action.TOKEN_MANAGE: _ADMIN,
    Action.TOKEN_ROTATE: _ALL,
    Action.TASK_READ: _ALL,
    Action.EVENT_STREAM: _ALL,
    Action.EVENT_STATS: _ADMIN,
    Action.AUDIT_LIST: _ADMIN,
}


def require(token: Token, action: Action) -> None:
    """ForbiddenError unless the token's role has this action."""
    if token.role not in ALLOWED[action]:
        raise ForbiddenError(
            _("A %(role)s token may not do this (%(action)s).")
            % {"role": token.role, "action": action}
        )
