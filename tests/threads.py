"""Threads that use the database: those of tests, and a look whether any leaves a connection behind.

What is left is ended by the garbage collector, with a warning, amid whichever test comes later.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from ghost.core.db.threads import DatabaseThread

T = TypeVar("T")
PATIENCE_S = 60


class Beginning(DatabaseThread, Generic[T]):
    """A call that goes on in a thread of its own from now on."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(self._call, name=getattr(call, "__name__", "test"))
        self._what, self._returned, self._error = call, list[T](), list[BaseException]()
        self.start()

    def _call(self) -> None:
        try:
            self._returned.append(self._what())
        except BaseException as error:  # noqa: BLE001  # theirs who ask for the result
            self._error.append(error)

    def result(self) -> T:
        """What it returns or raises, once it has ended."""
        self.join(PATIENCE_S)
        assert not self.is_alive(), f"{self.name} goes on"
        for error in self._error:
            raise error
        return self._returned[0]


def together(*calls: Callable[[], T]) -> list[T]:
    """Make all calls at the same moment; what they return, in the same order."""
    ready = threading.Barrier(len(calls))

    def begin(call: Callable[[], T]) -> Beginning[T]:
        return Beginning(lambda: (ready.wait(PATIENCE_S), call())[1])

    return [each.result() for each in [begin(call) for call in calls]]


@dataclass(frozen=True)
class _Opened:
    """A connection; as long as we hold it, the garbage collector does not end it."""

    connection: BaseDatabaseWrapper
    thread: threading.Thread
    test: str

    def end(self) -> None:
        self.connection.inc_thread_sharing()
        self.connection.close()


_opened: list[_Opened] = []


def _note(connection: BaseDatabaseWrapper, **_: object) -> None:
    thread = threading.current_thread()
    in_memory = getattr(connection, "is_in_memory_db", bool)()  # one database, which none may end
    if thread is not threading.main_thread() and not in_memory:
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        _opened.append(_Opened(connection, thread, test))


connection_created.connect(_note)


@pytest.fixture(autouse=True)
def no_connection_is_left() -> Iterator[None]:
    """A thread that has ended and left its connection open fails the test."""
    yield
    _opened[:] = [each for each in _opened if each.connection.connection is not None]
    left = [each for each in _opened if not each.thread.is_alive()]
    for each in left:
        each.end()
        _opened.remove(each)
    if left:
        names = ", ".join(f"{each.thread.name} (begun in {each.test})" for each in left)
        pytest.fail(f"threads ended without their connections: {names}", pytrace=False)
