"""Where the command writes, and how texts fit there."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator

from .errors import GhostError, Json, RefusedError

HINTS = {
    401: "Check GHOST_TOKEN or the token file: the token may be revoked, expired or rotated.",
    403: "This token's role may not do this, or it is somebody else's.",
    404: "Check the number, and GHOST_URL.",
    409: "Look at what is there already: ghost status, ghost list --q HASH.",
    412: "Somebody changed it since it was read: look at it (ghost status ID), then repeat.",
    413: "Send less at once.",
    422: "Mend what is named above, then repeat.",
    429: "Wait a minute; ask the operator for a higher limit if this happens often.",
    503: "The server can't do it now: try again later.",
}


class Screen:
    """Where the command writes: results on standard output, all else on standard error."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self.is_json, self.is_quiet = is_json, is_quiet
        self.is_terminal = sys.stdout.isatty()
        self._is_in_progress = False

    def result(self, value: Json, lines: Iterable[str]) -> None:
        """The result: for scripts as one line of JSON, for people as lines."""
        self.end_progress()
        for line in [json.dumps(value, ensure_ascii=False)] if self.is_json else lines:
            self.line(line)

    def line(self, text: str) -> None:
        """One line of the result, at once."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Print a line on standard error, unless `--quiet` was given."""
        if not self.is_quiet:
            sys.stderr.write(f"{self._cleared()}{shown(text)}\n")
            sys.stderr.flush()

    def progress(self, text: str, *, is_line: bool = False) -> None:
        """How far it is, in the last line of a terminal; elsewhere as a line of its own, if it `is_line`."""
        if sys.stderr.isatty() and not self.is_quiet:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{self._cleared()}{fitted(text, width)}")
            sys.stderr.flush()
            self._is_in_progress = True
        elif is_line:
            self.note(text)

    def _cleared(self) -> str:
        """What takes the progress away, if any is shown."""
        was, self._is_in_progress = self._is_in_progress, False
        return "\r\x1b[K" if was else ""

    def end_progress(self) -> None:
        """Take the progress away, for what is printed next, or for the shell."""
        sys.stderr.write(self._cleared())
        sys.stderr.flush()

    def error(self, error: GhostError) -> None:
        """What went wrong, and what to do about it."""
        self.end_progress()
        if self.is_json:
            sys.stderr.write(json.dumps(error.as_json(), ensure_ascii=False) + "\n")
            return
        sys.stderr.write(f"ghost: {shown(_headline(error))}\n")
        if isinstance(error, RefusedError):
            for line in _advice(error):
                sys.stderr.write(f"  {shown(line)}\n")


def _headline(error: GhostError) -> str:
    """What went wrong, with the field before it if one is at fault and it isn't named."""
    text = str(error)
    faults: list[Json] = error.problem.get("errors", []) if isinstance(error, RefusedError) else []
    only = faults[0] if len(faults) == 1 else {}
    is_plain = only.get("field") and only.get("message") == text
    return f"{only['field']}: {text}" if is_plain else text


def _advice(error: RefusedError) -> Iterator[str]:
    yield from _other_faults(error)
    if error.twin:
        yield f"It is resource {error.twin}: ghost status {error.twin}"
    elif error.status in HINTS:
        yield HINTS[error.status]
    if error.problem.get("request_id"):
        yield f"HTTP status {error.status}, request {error.problem['request_id']}"


def _other_faults(error: RefusedError) -> Iterator[str]:
    """Each field at fault that the headline doesn't name."""
    headline = _headline(error)
    for fault in error.problem.get("errors") or ():
        field, message = fault.get("field"), fault.get("message")
        line = f"{field}: {message}" if field else message
        if line not in headline:
            yield line if field else f"all: {message}"


def shown(text: str) -> str:
    """A text that moves no cursor: a space stands for each control character."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in text)


def fitted(text: str, width: int) -> str:
    """A text in so many columns of a terminal at most; wide characters take two."""
    kept, whole = "", shown(text)
    if _columns(whole) <= width:
        return whole
    for char in whole:
        if _columns(kept + char) >= width:
            break
        kept += char
    return kept + "…"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
