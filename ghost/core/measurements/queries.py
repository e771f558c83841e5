"""Queries that took long, by what they are and who asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from ghost.core.db import holds
from ghost.core.measurements.counters import Counter
from ghost.core.measurements.slowest import SLOW_S, SlowKind, note

SLOW = Counter(
    "ghost_database_slow_queries",
    f"Queries that took {SLOW_S[SlowKind.QUERY]:g} s or longer, waiting for locks included.",
)
_MANY = re.compile(r"%s(?:, ?%s)+")
_MANY_ROWS = re.compile(r"\(%s…\)(?:, ?\(%s…\))+")


def watch(connection: BaseDatabaseWrapper, **_: object) -> None:
    """For Django's `connection_created`: time the queries of this connection."""
    if timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(timed)


def timed(
    execute: Callable[..., Any],
    sql: str,
    params: object,
    many: bool,  # noqa: FBT001  # as below
    context: Any,  # noqa: ANN401  # Django's
) -> Any:  # noqa: ANN401  # as above
    """Carry out one query, and remember it if it was slow."""
    began = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = perf_counter() - began
        if seconds >= SLOW_S[SlowKind.QUERY]:
            SLOW.add()
            note(SlowKind.QUERY, shape(sql), seconds, holds.holder())


def shape(sql: str) -> str:
    """A query without its values: they stand apart from it, and how many there are says nothing."""
    return _MANY_ROWS.sub("(%s…), …", _MANY.sub("%s…", sql))
