"""Sessions of people in the database, which end when nobody uses them, and at last in any case.

A session ends GHOST_SESSION_IDLE_MIN after its last use, and GHOST_SESSION_MAX_HR after its key was
made, which is when somebody signed in or changed a password. The row's `expire_date` says when:
whoever looks a session up, whether for a page, the API or an event stream, finds none after that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from ghost.core.db.nowait import nowait
from ghost.core.db.outages import OUTAGES

BEGAN = "began_at"
"""Of the session's data: when its key was made, in seconds since 1970."""
NOTED_EVERY = timedelta(minutes=1)
"""A use is written down no more often."""
PROGRAMS = "/api/"
"""What is asked for there, such as event streams of an open page, is no use of a session."""
_KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    """Django's, with limits, and keys that are looked up only if they can be some.

    `settings.SESSION_ENGINE` names this module.
    """

    ends_at: datetime | None = None
    """As the row has it; None if there was none."""

    def _validate_session_key(self, key: str | None) -> bool:
        """A cookie may hold anything, NUL characters too, which PostgreSQL takes for a fault of ours."""
        return key is not None and _KEY.fullmatch(key) is not None

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing if it is over, also by limits set since it was written."""
        now = timezone.now()
        rows = self.model.objects.filter(session_key=self.session_key, expire_date__gt=now)
        row = rows.first()
        data: dict[str, Any] = self.decode(row.session_data) if row else {}
        if row is None or _last_moment(data.get(BEGAN)) <= now:
            self._session_key = None
            return {}
        self.ends_at = row.expire_date
        return data

    def create_model_instance(self, data: Any) -> Any:  # noqa: ANN401  # Django's
        """The row, whose age begins now if it is new."""
        data.setdefault(BEGAN, int(timezone.now().timestamp()))
        return super().create_model_instance(data)

    def cycle_key(self) -> None:
        """A new key, and a new age."""
        super().cycle_key()
        self[BEGAN] = int(timezone.now().timestamp())

    def get_expiry_date(self, **_: Any) -> datetime:  # noqa: ANN401  # Django's
        """When it ends if nobody uses it from now on."""
        idle = timedelta(minutes=settings.GHOST.session_idle_min)
        return min(timezone.now() + idle, self._last_moment())

    def get_expiry_age(self, **_: Any) -> int:  # noqa: ANN401  # Django's
        """Seconds that a browser keeps the cookie: what lasts less is known here alone."""
        return max(0, int((self._last_moment() - timezone.now()).total_seconds()))

    def _last_moment(self) -> datetime:
        """Of one that is not written yet, as if it began now: its cookie is made before its row."""
        return _last_moment(self.get(BEGAN, int(timezone.now().timestamp())))

    def note_use(self) -> None:
        """Put its end off, unless that was done a moment ago, or others are writing."""
        if self.ends_at is None or self.modified:  # a change is saved anyway
            return
        ends_at = self.get_expiry_date()
        if ends_at - self.ends_at >= NOTED_EVERY:
            rows = self.model.objects.filter(session_key=self.session_key)
            with suppress(*OUTAGES), nowait():
                rows.update(expire_date=ends_at)


def _last_moment(began_at_s: int | None) -> datetime:
    """Of a session that began then; one of which that is not known is over."""
    return datetime.fromtimestamp(began_at_s or 0, UTC) + timedelta(
        hours=settings.GHOST.session_max_hr
    )


class SessionUseMiddleware:
    """Notes that a session was used, for those that were looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        response = self.get_response(request)
        session = request.session
        if isinstance(session, SessionStore) and not _is_by_itself(request):
            session.note_use()
        return response


def _is_by_itself(request: HttpRequest) -> bool:
    """Whether an open page asked, and nobody: htmx, by which pages renew themselves, says so."""
    return request.path_info.startswith(PROGRAMS) or "HX-Request" in request.headers
