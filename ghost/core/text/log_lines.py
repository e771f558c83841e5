"""How a line of the log is written: nothing in it passes for another line, and no credential is shown.

What strangers sent stands in messages and in tracebacks, whoever logs it: so it is made harmless here,
where all of it comes by.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

MOST_CHARS = 20_000
"""Of one record, its traceback included."""
CONTINUED = "    | "
"""Begins each further line of a record: only a new record begins with its time."""
# Controls, line separators and lone surrogates; what turns the direction of writing.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_MASKED = (
    (re.compile(r"(ghost_[0-9A-Za-z]{6})[0-9A-Za-z]{20,}"), r"\1…"),
    (re.compile(r"(://[^\s/:@'\"]*):[^\s/@'\"]+@"), r"\1:…@"),
    (re.compile(r"\b(bearer|basic) +[\w.~+/=-]{8,}", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\b(age-secret-key-1)[0-9a-z]+", re.IGNORECASE), r"\1…"),
)
"""Raw tokens, passwords in addresses, headers with credentials, private keys of age."""


class LineFormatter(logging.Formatter):
    """Time in UTC, level, source, `[request or task]`, words; what follows is set in."""

    def __init__(self) -> None:
        super().__init__("{levelname:<7} {name} [{context}] {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, or as several of which the first alone begins with a time."""
        if not hasattr(record, "context"):
            record.context = "-"  # the web server's own, and what programs log before Django does
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        words = harmless(super().format(record))
        return f"{at} {words}"


def harmless(words: str) -> str:
    """The same without credentials, controls and lines that begin like a record; cut in the middle."""
    if len(words) > MOST_CHARS:
        half = MOST_CHARS // 2
        left_out = len(words) - 2 * half
        words = f"{words[:half]} … {left_out} characters left out … {words[-half:]}"
    for pattern, shown in _MASKED:
        words = pattern.sub(shown, words)
    words = words.replace("\t", "    ").rstrip("\n").replace("\n", f"\n{CONTINUED}")
    return _UNSAFE.sub(_escaped, words)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
