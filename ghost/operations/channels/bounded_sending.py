"""Sending that is given up when its time is over, wherever it hangs.

Mail and apprise have time-outs by socket alone, and a server that gives a byte now and then comes to none. So they run in
a thread that is left behind, and no second one begins for the same server while that hangs.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

from ghost.core.errors import OutageError
from ghost.operations.channels import reasons

PATIENCE_S = 30.0
_hanging: dict[str, Thread] = {}


def send(server: str, call: Callable[[], object]) -> None:
    """Make the call, which uses no database; its error, or OutageError after PATIENCE_S."""
    if (thread := _hanging.get(server)) and thread.is_alive():
        raise OutageError(reasons.HANGS())
    done: Future[None] = Future()
    thread = Thread(target=_run, args=(call, done), name="sending", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if thread.is_alive():
        _hanging[server] = thread
        raise OutageError(reasons.SLOW(seconds=PATIENCE_S))
    _hanging.pop(server, None)
    done.result()


def _run(call: Callable[[], object], done: Future[None]) -> None:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # theirs who wait
        done.set_exception(error)
    else:
        done.set_result(None)
