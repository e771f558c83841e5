"""Who came in and who was refused: events with the caller's address, and a line of the log for each.

Anybody can have himself refused as often as he likes, so refusals of one kind from one address
are one row in a minute, which says how often it was. Names that are guessed have rows of their own, up to
MOST_OF_ADDRESS; where more than MOST_ROWS come together in a minute, the rest of that kind is one row for
all addresses. So no address hides what another does, and no kind of refusal hides another. A request only
counts; each process writes its own counts every few seconds (`ghost.core.heartbeats.web`), when nobody
else writes. The line of the log is there at once.

What a caller wrote is never stored: neither a name that nobody has (people type their password
there), nor the path, but the pattern that it fits.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from django.contrib.auth.models import User
from django.db import Error, models
from django.http import HttpRequest

from ghost.core.audit import actors
from ghost.core.audit.actors import Actor
from ghost.core.audit.models import REFUSALS, ActorKind, AuditEvent
from ghost.core.db.nowait import nowait
from ghost.core.db.outages import OUTAGES
from ghost.core.http.request.client_address import client_address, counted_as
from ghost.core.http.request.request_id import request_id
from ghost.core.measurements.counters import Counter

log = logging.getLogger(__name__)

SIGN_IN, SIGN_OUT = "user.sign_in", "user.sign_out"
REFUSED = Counter(
    "ghost_refusals",
    "Requests that were refused, by what the audit trail calls it.",
    {"kind": REFUSALS},
)
MOST_ROWS = 30
"""Addresses whose refusals of one kind a process writes down in WINDOW_S; the others' are one row."""
MOST_OF_ADDRESS = 5
"""Rows of one kind and address, each by who was refused; the others' are one row without a name."""
WINDOW_S = 60.0

_Key = tuple[str, str, str]
"""Kind, address, and who was refused or which name was tried; the last two are empty for all."""

_NOBODY = Actor(ActorKind.ANONYMOUS, "")


@dataclass
class _Group:
    """Refusals that are one row."""

    event: AuditEvent
    until: float = field(default_factory=lambda: monotonic() + WINDOW_S)
    unwritten: int = 1


_groups: dict[_Key, _Group] = {}
_over: list[_Group] = []
"""Those whose time is over, as long as their last number is not written."""
_lock = Lock()


def note(action: str, person: User) -> None:
    """Somebody came in, left, or did what makes an operator."""
    event = _event(action, person, Actor(ActorKind.OPERATOR, person.get_username(), person.pk))
    event.save()
    _tell(event)


def refuse(action: str, *, username: str = "") -> None:
    """Somebody was refused in the request that is under way, by that name, if it is somebody's."""
    REFUSED.add(kind=action)
    address = counted_as(_address(actors.request()))
    key = (action, address, username.casefold()[:150] or actors.current().name)
    with suppress(Error):  # a request that was refused is answered, whatever the database does
        if not _is_counted(key):
            _begin(_bounded(key), username)


def write() -> None:
    """Write down what is due, unless others write just now: then it is left for the next time."""
    for group in _due():
        _write(group)


def forget() -> None:
    """What this process has counted."""
    with _lock:
        _groups.clear()
        _over.clear()


def _is_counted(key: _Key) -> bool:
    """Whether it belongs to a row that there is: one more of these."""
    with _lock:
        _end_old()
        group = _groups.get(key)
        if group is not None:
            group.unwritten += 1
    return group is not None


def _end_old() -> None:
    now = monotonic()
    for key, group in list(_groups.items()):
        if group.until <= now:
            _over.append(_groups.pop(key))


def _bounded(key: _Key) -> _Key:
    """The same, or the one that stands for it where its kind or its address has enough rows."""
    action, address, _ = key
    with _lock:
        of_kind = [known for known in _groups if known[0] == action]
    addresses = [known[1] for known in of_kind]
    if address not in addresses and len(set(addresses)) >= MOST_ROWS:
        return (action, "", "")
    return (action, address, "") if addresses.count(address) >= MOST_OF_ADDRESS else key


def _begin(key: _Key, username: str) -> None:
    action, address, name = key
    refusal = _refusal(action, username) if name else _event(action, None, _NOBODY)
    group = _Group(refusal if address else _of_many(action))
    with _lock:
        known = _groups.setdefault(key, group)
        if known is not group:
            known.unwritten += 1
    if known is group:
        _tell(group.event)


def _due() -> list[_Group]:
    """Groups that have no row yet, and those that are over; of these nothing more is kept."""
    with _lock:
        _end_old()
        found = [*_over, *(group for group in _groups.values() if group.event._state.adding)]
        _over.clear()
    return [group for group in found if group.unwritten]


def _write(group: _Group) -> None:
    number = group.unwritten
    try:
        with nowait():
            if group.event._state.adding:
                group.event.times = number
                group.event.save()
            else:
                rows = AuditEvent.objects.filter(pk=group.event.pk)
                rows.update(times=models.F("times") + number)
    except OUTAGES:
        number = 0
    with _lock:
        group.unwritten -= number
        if group.unwritten and group.until <= monotonic():
            _over.append(group)


def _refusal(action: str, username: str) -> AuditEvent:
    person = User.objects.filter(username__iexact=username).first() if username else None
    who = actors.current()
    return _event(action, person, _NOBODY if who.kind == ActorKind.SYSTEM else who)


def _of_many(action: str) -> AuditEvent:
    """What stands for all addresses together."""
    return AuditEvent(
        actor_kind=ActorKind.ANONYMOUS,
        action=action,
        object_type=action.partition(".")[0],
        request_id=request_id(),
    )


def _event(action: str, person: User | None, who: Actor) -> AuditEvent:
    request = actors.request()
    is_of_user = action.startswith("user.")
    return AuditEvent(
        actor_kind=who.kind,
        actor_name=who.name[:150],
        actor_key=who.key,
        action=action,
        object_type=action.partition(".")[0],
        object_key=str(person.pk) if person else "",
        object_name=(person.get_username() if person else "") if is_of_user else _label(request),
        address=_address(request),
        request_id=request_id(),
    )


def _address(request: HttpRequest | None) -> str:
    return client_address(request) if request else ""


def _label(request: HttpRequest | None) -> str:
    """The request by its method and the pattern of its address, which hold nothing secret."""
    match = request.resolver_match if request else None
    method = request.method if request and request.method in _METHODS else "?"
    return f"{method} /{match.route}"[:300] if match else str(method)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _tell(event: AuditEvent) -> None:
    level = logging.WARNING if event.action in REFUSALS else logging.INFO
    log.log(
        level, "%s: %s from %s", event.action,
        event.object_name or event.actor_name or "somebody", event.address or "?",
    )  # fmt: skip
