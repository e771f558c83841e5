"""`GET /api/events`: what happens, as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from functools import cache, partial
from threading import Lock
from typing import Any, ClassVar

from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from ninja import HeaderEx, P, Query, Router
from pydantic import Field

from ghost.accounts.requirement import is_missing
from ghost.core.events.broadcaster import Hub
from ghost.core.events.handover import Handover
from ghost.core.events.models import Event, EventKind, Scope
from ghost.core.events.subscriber import Caller, Listener
from ghost.core.events.subscriptions import Stream
from ghost.core.http.schema.schema_sentences import explain_pattern
from ghost.core.http.schema.schemas import MAX_ID, Documented, Moment
from ghost.core.http.sessions import SessionStore
from teams.auth import Bearer, Session, TokenRequest, signed_in_operator
from teams.models import Token
from teams.policy import Action
from teams.roles import Role

router = Router(tags=["events"])

OPERATOR = "operator"
CONTENT_TYPE = "text/event-stream"
MAX_S = 86_400
_EACH = "|".join(kind.replace(".", r"\.") for kind in EventKind)
_KINDS = explain_pattern(
    rf"^(?:(?:{_EACH})(?:,(?:{_EACH}))*)?$",
    format_lazy(
        _("must be kinds of events, separated by commas: {kinds}"), kinds=", ".join(EventKind)
    ),
)
_lock = Lock()


class StreamIn(Documented):
    """Which events to send, from where on, and for how long."""

    kinds: str = Field("", pattern=_KINDS)
    """Kinds of events to send, separated by commas: `task`, `build`, `health`, `resource`, and
    `resource.on_site`, which `resource` includes. Empty: all."""
    last_event_id: int | None = Field(None, ge=0, le=MAX_ID)
    """Send the events after this one. For clients that can't send the `Last-Event-ID` header, which
    has precedence."""
    for_s: float = Field(MAX_S, ge=0, le=MAX_S)
    """End the stream after this many seconds. 0: send what was missed, then end."""

    example: ClassVar = {"kinds": "task,resource", "last_event_id": 41, "for_s": 3600}


LastEventId = HeaderEx[
    str,
    P(
        alias="Last-Event-ID",
        description="The last event that was received: the stream goes on after it. Browsers send it by"
        " themselves.",
        example="41",
    ),
]


class StreamsOut(Documented):
    """The event streams that are open."""

    open: int
    """Number of open streams."""
    by_role: dict[str, int]
    """Number of open streams by role of the token; `operator` for those of the admin."""
    oldest_opened_at: Moment | None
    """When the oldest one was opened; null if none is open."""
    dropped: int
    """Number of streams cut off within the last day, since their client read nothing for a minute."""

    example: ClassVar = {
        "open": 3,
        "by_role": {"Publisher": 2, "operator": 1},
        "oldest_opened_at": "2026-01-31T10:00:00+00:00",
        "dropped": 0,
    }


class EventsOut(Documented):
    """The events that are kept."""

    kept: int
    """Number of events that are kept."""
    newest_id: int
    """Number of the newest event; 0 before the first one."""
    last_hour: int
    """Number of events of the last hour."""

    example: ClassVar = {"kept": 8400, "newest_id": 31_842, "last_hour": 120}


class StatsOut(Documented):
    """Streams and events of the installation."""

    streams: StreamsOut
    """Who listens."""
    events: EventsOut
    """What is kept for those who come back."""

    example: ClassVar = {"streams": StreamsOut.example, "events": EventsOut.example}


_STREAM = {
    "schema": {"type": "string"},
    "example": 'id: 42\nevent: health\ndata: {"event_id":42,"at":"2026-02-14T08:30:00+00:00",'
    '"resources":[{"resource_id":7,"was":"Unknown","status":"Active"}]}\n\n',
}


@router.get(
    "/events",
    auth=[Bearer(Action.EVENT_STREAM), Session(Action.EVENT_STREAM)],
    response={200: None},
    operation_id="event_stream",
    summary="Stream events as they happen",
    openapi_extra={"responses": {200: {"content": {CONTENT_TYPE: _STREAM}}}},
)
def stream_events(
    request: HttpRequest,
    wanted: Query[StreamIn],
    last_event_id: LastEventId = "",
) -> Handover:
    """Follow what happens as server-sent events (WHATWG HTML, section 9.2): progress of the caller's
    tasks (`task`), builds (`build`), and health (`health`) and changes (`resource`) of the resources in its
    scope. `resource.on_site` says of each resource that its present version stands on the public site,
    with the address of its page and the catalog's revision. Admins hear of circuits that open and close
    (`circuit`).

    After an interruption send the last `event_id` as `Last-Event-ID` to get what was missed; an event may
    come twice then. `event: reset` means that some of it is no longer kept: read the lists again. A comment
    comes every 15 seconds while nothing happens. `429`: 5 streams are open for this token, or 500 in all.
    """
    caller = _caller(request)
    after = _number(last_event_id) if last_event_id else wanted.last_event_id
    row = _row(request)
    begin = partial(
        Listener,
        stream_id=row.pk,
        caller=caller,
        scope=_scopes([caller]).get(caller, Scope()),
        after=Event.objects.newest_id() if after is None else after,
        is_resumed=after is not None,
        kinds=EventKind.within(wanted.kinds.split(",")),
        for_s=wanted.for_s,
    )

    def adopt(sock: socket.socket, head: bytes) -> None:
        _hub().adopt(begin(sock=sock, head=head))

    def forget() -> None:
        row.delete()

    return Handover(request, adopt, forget, content_type=CONTENT_TYPE)


@router.get(
    "/events/stats",
    auth=Bearer(Action.EVENT_STATS),
    response={200: StatsOut},
    operation_id="event_stats_read",
    summary="Get statistics of the event streams",
)
def show_stats(request: TokenRequest) -> dict[str, Any]:
    """Get how many event streams are open, for which roles, and how many events are kept."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    events = {
        "kept": Event.objects.count(),
        "newest_id": Event.objects.newest_id(),
        "last_hour": Event.objects.filter(at__gte=an_hour_ago).count(),
    }
    return {"streams": Stream.objects.stats(), "events": events}


def _number(last_event_id: str) -> int:
    """Of the header; -1, which nobody ever had, for what is none of ours."""
    is_ours = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19
    return int(last_event_id) if is_ours else -1


def _caller(request: HttpRequest) -> Caller:
    asker: Token | User = request.auth  # type: ignore[attr-defined]  # ninja's
    if isinstance(asker, Token):
        return Caller(token_id=asker.pk)
    return Caller(session_key=request.session.session_key or "")


def _row(request: HttpRequest) -> Stream:
    """Its place; TooManyError if there is none."""
    asker: Token | User = request.auth  # type: ignore[attr-defined]  # ninja's
    if isinstance(asker, Token):
        return Stream.objects.open(process=_hub().name, role=asker.role, token_id=asker.pk)
    return Stream.objects.open(process=_hub().name, role=OPERATOR, user_id=asker.pk)


# -- who may hear what


def _scopes(callers: Collection[Caller]) -> dict[Caller, Scope]:
    """What each of them may see; without those who may not listen any more."""
    tokens = {each.token_id: each for each in callers if each.token_id is not None}
    found = _token_scopes(list(tokens))
    scopes = {tokens[pk]: scope for pk, scope in found.items()}
    sessions = [each for each in callers if each.session_key and _is_signed_in(each.session_key)]
    return scopes | dict.fromkeys(sessions, Scope(is_all=True))


def _token_scopes(keys: list[int]) -> dict[int, Scope]:
    """By token, in one query: Admins see all, the others their own and their teams'."""
    rows = Token.objects.usable().filter(pk__in=keys).order_by()
    teams = defaultdict[int, set[int]](set)
    roles = dict[int, str]()
    for pk, role, member_of, owns in rows.values_list("pk", "role", "scope_team_id", "owned_teams"):
        roles[pk] = role
        teams[pk] |= {team for team in (member_of, owns) if team is not None}
    return {
        pk: Scope(is_all=role == Role.ADMIN, token_id=pk, teams=frozenset(teams[pk]))
        for pk, role in roles.items()
    }


def _is_signed_in(session_key: str) -> bool:
    """Whether that session is still an operator's: they sign out, passwords change, and a second factor
    may be demanded meanwhile."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = signed_in_operator(get_user(request))
    return user is not None and not is_missing(user)


@cache
def _made() -> Hub:
    return Hub(_scopes)


def _hub() -> Hub:
    """The one of this process."""
    with _lock:
        return _made()
