"""Who may do what through the API: one table, and nothing beside it.

By action the roles that have it and the rows that are theirs. `require` checks the role at
the entry point; the querysets and the rows' methods hold the ownership. Tests are generated from the table and
the routes: every operation on a row is tried by those who own it and by those who don't.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from ghost.core.errors import ForbiddenError
from teams.models import Token
from teams.roles import Role


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
    TOKEN_LIST = "token.list"  # noqa: S105  # an action's name
    TOKEN_MANAGE = "token.manage"  # noqa: S105  # an action's name
    TOKEN_ROTATE = "token.rotate"  # noqa: S105  # an action's name
    TASK_READ = "task.read"
    EVENT_STREAM = "event.stream"
    EVENT_STATS = "event.stats"
    AUDIT_LIST = "audit.list"
    OPERATIONS_READ = "operations.read"
    OPERATIONS_WRITE = "operations.write"


class Ownership(StrEnum):
    """Which rows of those that its role may touch are the token's. An Admin's are all.

    Held where the rows are: by the querysets and the rows' own methods.
    """

    ANY = "any"
    """None is anybody's: the role alone decides."""
    IN_SCOPE = "in scope"
    """Resources and teams of `in_scope`: its own, its teams' and, for a member, its team's."""
    OWN_TEAM = "own team"
    """Teams that it owns: `Team.require_owner`, `TeamQuerySet.found`."""
    OWN_CATEGORY = "own category"
    """Categories that it made and nobody else has a part in: `Category.require_change_by`."""
    SELF = "self"
    """Its own token: `TokenQuerySet.for_rotation`."""
    ASKER = "asker"
    """Work that it asked for: `ghost.api.tasks`."""


class Operators(StrEnum):
    """Which operators may, by the session in which they are signed in to the admin, and without a token."""

    NONE = "none"
    """A session opens nothing here."""
    ANY = "any"
    """Whoever may sign in to the admin."""
    GROUP = "Operator"
    """Members of the group Operator, and superusers."""


@dataclass(frozen=True)
class Rule:
    """Who may: these roles, each with the rows that are its own; and these operators, for all rows."""

    roles: frozenset[Role]
    ownership: Ownership = Ownership.ANY
    only_reads: bool = False
    """Whether read-only tokens may too, by a safe method."""
    operators: Operators = Operators.NONE


_ALL = frozenset(Role)
_PUBLISHERS = frozenset({Role.ADMIN, Role.PUBLISHER})
_ADMIN = frozenset({Role.ADMIN})

RULES: dict[Action, Rule] = {
    Action.SESSION_VERIFY: Rule(_ALL, Ownership.SELF, only_reads=True),
    Action.BUILD_STATUS: Rule(_ALL, only_reads=True),
    Action.BUILD_TRIGGER: Rule(_ADMIN),
    Action.BUILD_LIST: Rule(_ADMIN, only_reads=True),
    Action.RESOURCE_LIST: Rule(_ALL, Ownership.IN_SCOPE, only_reads=True),
    Action.RESOURCE_CREATE: Rule(_ALL, Ownership.IN_SCOPE),
    Action.RESOURCE_READ: Rule(_ALL, Ownership.IN_SCOPE, only_reads=True),
    Action.RESOURCE_UPDATE: Rule(_ALL, Ownership.IN_SCOPE),
    Action.RESOURCE_TAKE_DOWN: Rule(_ADMIN, Ownership.IN_SCOPE),
    Action.RESOURCE_PROBE: Rule(_ALL, Ownership.IN_SCOPE),
    Action.RESOURCE_REVIEW: Rule(_ADMIN, Ownership.IN_SCOPE),
    Action.TORZNAB_SEARCH: Rule(_ALL, Ownership.IN_SCOPE, only_reads=True),
    Action.CATEGORY_LIST: Rule(_ALL, only_reads=True),
    Action.CATEGORY_WRITE: Rule(_PUBLISHERS, Ownership.OWN_CATEGORY),
    Action.TEAM_LIST: Rule(_ALL, Ownership.IN_SCOPE, only_reads=True),
    Action.TEAM_CREATE: Rule(_PUBLISHERS, Ownership.OWN_TEAM),
    Action.TEAM_INVITE: Rule(_PUBLISHERS, Ownership.OWN_TEAM),
    Action.MEMBER_LIST: Rule(_PUBLISHERS, Ownership.OWN_TEAM, only_reads=True),
    Action.MEMBER_REVOKE: Rule(_PUBLISHERS, Ownership.OWN_TEAM),
    Action.DHT_SCAN: Rule(_ADMIN),
    Action.TOKEN_LIST: Rule(_ADMIN, only_reads=True),
    Action.TOKEN_MANAGE: Rule(_ADMIN),
    Action.TOKEN_ROTATE: Rule(_ALL, Ownership.SELF),
    Action.TASK_READ: Rule(_ALL, Ownership.ASKER, only_reads=True),
    Action.EVENT_STREAM: Rule(_ALL, Ownership.IN_SCOPE, only_reads=True, operators=Operators.ANY),
    Action.EVENT_STATS: Rule(_ADMIN, only_reads=True),
    Action.AUDIT_LIST: Rule(_ADMIN, only_reads=True),
    Action.OPERATIONS_READ: Rule(_ADMIN, only_reads=True, operators=Operators.ANY),
    Action.OPERATIONS_WRITE: Rule(_ADMIN, operators=Operators.GROUP),
}


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110, 9.2.1."""


def require(token: Token, action: Action, method: str) -> None:
    """ForbiddenError unless the token's role has this action, and may ask for it with this method.

    A read-only token may use safe methods of what only reads, and ask who it is.
    """
    if token.is_read_only and not _only_reads(action, method):
        raise ForbiddenError(_("A read-only token may not do this (%s).") % action)
    if token.role not in RULES[action].roles:
        raise ForbiddenError(
            _("A %(role)s token may not do this (%(action)s).")
            % {"role": token.role, "action": action}
        )


def require_operator(user: User, action: Action) -> None:
    """ForbiddenError unless this operator may do it by their session."""
    wanted = RULES[action].operators
    is_of_group = user.is_superuser or user.groups.filter(name=wanted).exists()
    if wanted == Operators.NONE or (wanted == Operators.GROUP and not is_of_group):
        raise ForbiddenError(_("You may not do this (%s): it needs the group Operator.") % action)


def _only_reads(action: Action, method: str) -> bool:
    is_safe = method in SAFE_METHODS or action == Action.SESSION_VERIFY
    return RULES[action].only_reads and is_safe
