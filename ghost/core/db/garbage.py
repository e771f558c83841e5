"""No garbage is collected while a thread of this process holds the write lock.

A forgotten cursor of another thread's connection may be among it. To drop that, SQLite waits until the
connection is free; it waits for the write lock, and so for whoever collects: for 20 s, until it gives up.
"""

from __future__ import annotations

import gc
import threading

_lock = threading.Lock()
_holders = 0
_was_enabled = False


def hold_back() -> None:
    """Collect none by itself until `let_go` was called as often."""
    global _holders, _was_enabled  # as the collector, it is one for the process
    with _lock:
        if not _holders:
            _was_enabled = gc.isenabled()
            gc.disable()
        _holders += 1


def let_go() -> None:
    """The lock is given back."""
    global _holders  # as above
    with _lock:
        _holders -= 1
        if not _holders and _was_enabled:
            gc.enable()
