"""Who did what to which row: every write that a person or a script asked for.

Rows' own gates call `note` in the transaction of the write, so nothing is told that did not
happen, and nothing happens untold. What workers find out (probes, scans, builds) is no deed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.http.request_id import request_id

MAX_CHARS = 2000
"""Of a text, or a list as JSON, so much is kept on each side: a description may have 100 kB."""
AT_ONCE = 500
HIDDEN = "…"
"""In place of what nobody may read here."""
SECRETS = frozenset({"password", "token"})


class ActorKind(models.TextChoices):
    """What sort of actor it was."""

    TOKEN = "token", _("token")
    OPERATOR = "operator", _("operator")
    COMMAND = "command", _("command line")
    SYSTEM = "system", _("Ghost itself")


@dataclass(frozen=True)
class Actor:
    """Who acts: `key` is the primary key of the token or of the user."""

    kind: ActorKind
    name: str
    key: int | None = None


_SYSTEM = Actor(ActorKind.SYSTEM, "")
_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


class Middleware:
    """Remembers the request, so that whoever writes during it can be named."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        remembered = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(remembered)


@contextmanager
def acting(name: str, kind: ActorKind = ActorKind.COMMAND) -> Iterator[None]:
    """What is written inside is the deed of this command."""
    remembered = _actor.set(Actor(kind, name))
    try:
        yield
    finally:
        _actor.reset(remembered)


def actor() -> Actor:
    """Who acts now: a command, the request's token, its operator, or Ghost itself."""
    return _actor.get() or _of_request(_request.get()) or _SYSTEM


def _of_request(request: HttpRequest | None) -> Actor | None:
    token = getattr(request, "auth", None)
    if token is not None:
        return Actor(ActorKind.TOKEN, str(token), token.pk)
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return Actor(ActorKind.OPERATOR, user.get_username(), user.pk)
    return None


def note(
    action: str,
    row: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down that `action` (`resource.update`) was done to `row`.

    `before` and `after` are its fields on either side, None where there was no row. Kept is what
    differs; if both sides are given and nothing does, there is nothing to tell.
    """
    note_all(action, [(row, before, after)])


def note_all(
    action: str,
    deeds: Iterable[tuple[models.Model, Mapping[str, Any] | None, Mapping[str, Any] | None]],
) -> None:
    """`note` for many rows."""
    who = actor()
    events = (_event(who, action, row, before, after) for row, before, after in deeds)
    AuditEvent.objects.bulk_create((e for e in events if e is not None), batch_size=AT_ONCE)


def _event(
    who: Actor,
    action: str,
    row: models.Model,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> AuditEvent | None:
    changes = difference(before, after)
    if before is not None and after is not None and not changes:
        return None
    return AuditEvent(
        actor_kind=who.kind,
        actor_name=who.name[:150],
        actor_key=who.key,
        action=action,
        object_type=action.partition(".")[0],
        object_key=str(row.pk),
        object_name=str(row)[:300],
        changes=changes,
        request_id=request_id(),
    )


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """`{field: [before, after]}` of what differs; a missing side is all None."""
    old, new = before or {}, after or {}
    names = dict.fromkeys([*old, *new])
    return {
        name: [_plain(name, old.get(name)), _plain(name, new.get(name))]
        for name in names
        if old.get(name) != new.get(name)
    }


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401  # what a row's field holds
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if name in SECRETS:
        return HIDDEN
    if isinstance(value, datetime):
        return value.isoformat()
    is_text = not isinstance(value, (list, dict))
    text = str(value) if is_text else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= MAX_CHARS:
        return text if is_text else value
    return f"{text[:MAX_CHARS]}{HIDDEN} ({len(text)} characters)"


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Sets of events."""

    def matching(self, *, since: datetime | None = None, **exact: Any) -> Self:  # noqa: ANN401
        """Those of these fields; None is no condition."""
        found = self.filter(at__gte=since) if since else self
        return found.filter(**{name: value for name, value in exact.items() if value is not None})

    def prune(self, before: datetime) -> int:
        """Drop what is older; how many there were."""
        count, _each = self.filter(at__lt=before).delete()
        return count


class AuditEvent(models.Model):
    """One deed. Names are as they were then: tokens and people may be gone or renamed since."""

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=10, choices=ActorKind)
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    actor_key = models.BigIntegerField(null=True)
    action = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=30)
    object_key = models.CharField(_("key"), max_length=64)
    object_name = models.CharField(_("object"), max_length=300, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    """`{field: [before, after]}`, never a secret."""
    request_id = models.CharField(_("request"), max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["object_type", "object_key"], name="ghost_audit_object"),
            models.Index(fields=["actor_kind", "actor_key"], name="ghost_audit_actor"),
            models.Index(fields=["action"], name="ghost_audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or self.get_actor_kind_display()}: {self.action}"
