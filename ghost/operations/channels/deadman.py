"""The dead-man's switch: a service elsewhere that is asked for once a minute, and alarms when it is not.

It says what nobody here can say any more: that the host is gone, or that nobody looks after alerts.
"""

from __future__ import annotations

import time

from django.conf import settings

from ghost.core import circuits
from ghost.core.circuits import Kind
from ghost.core.errors import GhostError
from ghost.core.io import fetch
from ghost.core.io.fetch import AnsweredError
from ghost.operations.channels.beside import Beside

EVERY_S = 55.0
TIMEOUT_S = 10.0
MAX_BYTES = 65_536
CIRCUIT = Kind.WEBHOOK, "GHOST_DEADMAN_URL"


class _Pinged:
    """When this process asked last, by its monotonic clock."""

    at = float("-inf")


def is_set_up() -> bool:
    """Whether there is such a service."""
    return settings.GHOST.deadman_url is not None


def is_due() -> bool:
    """Whether there is one, and it is time."""
    return is_set_up() and time.monotonic() - _Pinged.at >= EVERY_S


def start() -> None:
    """Ask for it if it is time, in a thread of its own: messages may wait long for whom they are for."""
    if is_due():
        pinging.start()


def ping() -> None:
    """Ask for it; what goes wrong is told by its circuit. It is asked whatever that says: a service
    that has come back must not be left to alarm."""
    _Pinged.at = time.monotonic()
    try:
        _ask()
    except GhostError as error:
        circuits.failed(*CIRCUIT, error.reason)
    else:
        circuits.succeeded(*CIRCUIT)


def forget() -> None:
    """Have it due at once."""
    _Pinged.at = float("-inf")


def _ask() -> None:
    url = settings.GHOST.deadman_url
    if url is None:
        return
    try:
        fetch.get(url.get_secret_value(), max_bytes=MAX_BYTES, timeout_s=TIMEOUT_S)
    except AnsweredError as answered:
        if not 200 <= answered.status < 300:  # successes (RFC 9110, 15.3)
            raise


pinging = Beside("sign of life", ping)
"""Of this process."""
