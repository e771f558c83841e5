"""In which letters a text file is written: UTF-8, with its mark or without, UTF-16 and UTF-32, as spreadsheets and
PowerShell write them, by theirs or by the zeros of its first letters, or whatever it is said to be."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from ghost.core.errors import RefusedError

UTF_8 = "utf-8-sig"
MAX_LINE_CHARS = 1_000_000
# The mark of UTF-32 LE begins with that of UTF-16 LE.
_MARKS = {
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
}
_LONGEST_MARK = 4
_UNREADABLE = "\udc80"
"""Stands where bytes are no letters, whatever they were."""


def of_start(start: bytes, otherwise: str = UTF_8) -> str:
    """The encoding that the first four bytes tell, by a mark or by where zeros stand (RFC 4627 §3): a text has none."""
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")
    zeros = tuple(not byte for byte in start[:_LONGEST_MARK])
    return marked or _ZEROS.get(zeros, otherwise)


def named(name: str) -> str:
    """The encoding of this name, as Python knows it; RefusedError if that is none of texts."""
    try:
        found = codecs.lookup(name)
        "a".encode(found.name)
    except (LookupError, ValueError, TypeError) as error:
        raise RefusedError(
            f"There is no encoding “{name[:40]}”: cp1252, iso-8859-1, gb18030 or shift_jis are some."
        ) from error
    return found.name


def decoded_lines(stream: BinaryIO, encoding: str = UTF_8) -> Iterator[str]:
    """Its lines, ends included; where bytes are no letters stands a lone surrogate.

    A byte order mark tells more than `encoding`. RefusedError for a line of more than a million letters.
    """
    text = _text(stream, encoding)
    number = 0
    while line := text.readline(MAX_LINE_CHARS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARS:
            raise RefusedError(f"This is no table: line {number} has more than a million letters.")
        yield line


def in_utf_8(stream: BinaryIO) -> BinaryIO:
    """The same in UTF-8, without a mark."""
    start = stream.read(_LONGEST_MARK)
    encoding = of_start(start)
    whole = io.BufferedReader(_Joined(start, stream))
    if encoding == UTF_8:
        whole.read(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
        return whole
    return io.BufferedReader(_Recoded(whole, encoding))


def with_line_feeds(stream: BinaryIO) -> BinaryIO:
    """The same, with a line feed at the end of each line, where it has CR LF or CR alone."""
    return io.BufferedReader(_LineFeeds(stream), 1 << 16)


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    start = stream.read(_LONGEST_MARK)
    return io.TextIOWrapper(
        io.BufferedReader(_Joined(start, stream)),
        encoding=of_start(start, encoding),
        errors="ghost-unreadable",
        newline="",
    )


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNREADABLE, error.end


codecs.register_error("ghost-unreadable", _marked)


class _Joined(io.RawIOBase):
    """What was read of a stream already, and the rest of it."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # a writable buffer
        body = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(body) :]
        buffer[: len(body)] = body
        return len(body)


class _Recoded(io.RawIOBase):
    """A stream of another encoding in UTF-8; what can't be decoded is no
    UTF-8 afterwards either, so that whoever reads it sees where it is damaged."""

    def __init__(self, stream: io.BufferedReader[Any], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("ghost-unreadable")
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # a writable buffer
        is_end = False
        while not self._left and not is_end:
            body = self._stream.read(1 << 16)
            is_end = not body
            self._left = self._decoder.decode(body, is_end).encode("utf-8", "surrogatepass")
        part = self._left[: len(buffer)]
        self._left = self._left[len(part) :]
        buffer[: len(part)] = part
        return len(part)


class _LineFeeds(io.RawIOBase):
    """A stream whose lines all end in a line feed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._held = stream, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # a writable buffer
        body = self._held or self._stream.read(len(buffer))
        self._held = b""
        if body.endswith(b"\r"):  # as may be half of CR LF
            after = self._stream.read(1)
            self._held = b"" if after == b"\n" else after
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        buffer[: len(body)] = body
        return len(body)
