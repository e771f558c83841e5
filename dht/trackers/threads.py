"""Blocking calls beside an event loop, in threads that never hold up the end of the process."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from ghost.core.errors import OutageError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class Threads:
    """At most `number` calls at a time.

    The threads of asyncio.to_thread are joined when the interpreter ends: a name server that is
    silent would keep a stopped worker for half a minute.
    """

    def __init__(self, number: int) -> None:
        self._room = asyncio.Semaphore(number)

    async def run(self, call: Callable[[], _T]) -> _T:
        """What `call` returns or raises. If this is cancelled, the call goes on unheard.

        OutageError if no thread can be made: Python 3.12 makes none when the main process ends.
        """
        async with self._room:
            loop = asyncio.get_running_loop()
            done: asyncio.Future[_T] = loop.create_future()
            try:
                threading.Thread(target=_run, args=(call, loop, done), daemon=True).start()
            except RuntimeError as error:
                raise OutageError("The process is ending, or has too many threads.") from error
            return await done


def _run(call: Callable[[], _T], loop: asyncio.AbstractEventLoop, done: asyncio.Future[_T]) -> None:
    result: _T | None = None
    error: BaseException | None = None
    try:
        result = call()
    except BaseException as raised:  # noqa: BLE001  # whatever it is, the waiter gets it
        error = raised

    def tell() -> None:
        if done.done():  # cancelled
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # it was returned

    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(tell)
