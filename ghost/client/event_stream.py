"""Events of the server, as they happen (`GET /api/events`)."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import requests

from .errors import Json, RefusedError
from .transport import Transport

POLL_S = 2.0
"""Between two connections, and between two looks where there is no stream."""
GATHER_S = 0.2
"""After an event: a flood of them is one reason to look."""


class EventStream:
    """Server-sent events, connected anew after each cut."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def events(self, *, kinds: str, after: int | None) -> Iterator[Json]:
        """Each event, for ever; after a cut it goes on from the last one."""
        while True:
            with suppress(requests.RequestException):
                for event in self.connect(kinds, after):
                    after = event.get("last_event_id") or after
                    if "event" in event:
                        yield event
            time.sleep(POLL_S)

    def watch(
        self, read: Callable[[], Json], *, kinds: str, until: float = math.inf
    ) -> Iterator[Json]:
        """What `read` gives, and again after each event of these kinds, or every POLL_S seconds if
        there is no stream to be had; for ever, or until that moment of the monotonic clock."""
        for _signal in self._signals(kinds, until):
            yield read()
            if time.monotonic() >= until:
                return

    def _signals(self, kinds: str, until: float) -> Iterator[None]:
        """One at the beginning, and one whenever it is time to look."""
        is_streamed = True
        while True:
            yield
            try:
                for _event in self.connect(kinds, until=until) if is_streamed else ():
                    yield
                    time.sleep(GATHER_S)
            except requests.Timeout:  # somebody on the way keeps what is streamed
                is_streamed = False
            except (RefusedError, requests.RequestException):
                pass
            time.sleep(min(POLL_S, max(0.0, until - time.monotonic())))

    def connect(
        self, kinds: str, after: int | None = None, *, until: float = math.inf
    ) -> Iterator[Json]:
        """One connection: each event, and one without `event` when it begins and with every sign of
        life. RefusedError if there can't be one."""
        left_s = max(0.0, until - time.monotonic())
        for_s = None if math.isinf(left_s) else left_s
        lines = self._transport.stream("/events", kinds=kinds, after=after, for_s=for_s)
        yield from parse(lines)


def parse(lines: Iterable[bytes]) -> Iterator[Json]:
    """Server-sent events (WHATWG HTML §9.2); what has no `event` is a sign of life."""
    fields: dict[str, str] = {}
    last = 0
    for line in lines:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name:
            fields[name] = value[1:] if value.startswith(" ") else value
            continue
        last = int(fields["id"]) if fields.get("id", "").isdigit() else last
        yield _event(fields, last) if not line and "data" in fields else {"last_event_id": last}
        fields = {} if not line else fields


def _event(fields: dict[str, str], last: int) -> Json:
    kind = fields.get("event", "message")
    return {"event": kind, "last_event_id": last, **json.loads(fields["data"])}
