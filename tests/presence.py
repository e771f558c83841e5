"""`present(…)`: a value that may be None elsewhere, and is not here."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """The value itself; the test fails here if there is none, not three lines on."""
    assert value is not None
    return value
