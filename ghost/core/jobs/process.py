"""Which process works on a job, and whether it is still there."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def name() -> str:
    """Of this process: host and number."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def is_alive(process: str) -> bool:
    """Whether the process of this name may still be there: of other hosts nobody knows."""
    host, _colon, pid = process.rpartition(":")
    if host != socket.gethostname()[:80]:
        return True
    with suppress(PermissionError):  # it is there, and not ours
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
    return True
