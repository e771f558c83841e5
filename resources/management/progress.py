"""How far a long command is: in place on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper

OFTEN_S, SELDOM_S = 0.2, 10.0


class ProgressLine:
    """Told of each step, it says so as often as is of use."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._said_at = time.monotonic()
        self._is_open = False

    def tell(self, done: int, total: int | None, how: str) -> None:
        """So many are done, of so many if that is known."""
        now = time.monotonic()
        if now - self._said_at < (OFTEN_S if self._is_terminal else SELDOM_S):
            return
        self._said_at = now
        words = f"{done:,} of {total:,} {how}" if total else f"{done:,} {how}"
        if self._is_terminal:
            self._stream.write(f"\r\x1b[K{words}", str, "")
            self._stream.flush()
            self._is_open = True
        else:
            self._stream.write(words, str)

    def say(self, words: str) -> None:
        """A line of its own."""
        self.end()
        self._stream.write(words, str)

    def end(self) -> None:
        """What was said in place stays."""
        if self._is_open:
            self._stream.write("", str)
            self._is_open = False
