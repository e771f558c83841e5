"""Bencoding (BEP 3), read strictly: what comes from trackers and in files is hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ghost.core.errors import OutageError

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
_INTEGER = re.compile(rb"i(0|-?[1-9][0-9]{0,18})e")
_LENGTH = re.compile(rb"(0|[1-9][0-9]{0,9}):")
_TOKEN = re.compile(rb"(0|[1-9][0-9]{0,9}):|([dl])|(e)|i-?[0-9]+e")
_STRING, _BEGIN, _END = 1, 2, 3
"""Its groups; a number has none."""
MAX_TOKENS = 400_000
"""Of a body that is split, before anything is made of it: names, numbers, and where lists and
dictionaries begin and end. To count them takes 0.2 s of a processor, to read what they are five
times as long."""

Value = int | bytes | list["Value"] | dict[bytes, "Value"]


class BencodeError(OutageError):
    """What came is not bencoded, or more than anybody asked for."""


class TooManyTokensError(BencodeError):
    """More than MAX_TOKENS."""


class TooDeepError(BencodeError):
    """Nested more deeply than was allowed."""


def decode(body: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Value:
    """The one value that `body` is, to the last byte; BencodeError if it is none.

    Integers have up to 19 digits, no leading zero and no minus zero; a dictionary has no key
    twice. Its keys need not be sorted: some trackers don't, and every client takes that.
    """
    if len(body) > max_bytes:
        raise BencodeError(f"The answer is larger than {max_bytes:,} bytes.")
    value, end = _value(body, 0, max_depth)
    if end != len(body):
        raise _broken(end)
    return value


def split(body: bytes, *, max_bytes: int) -> dict[bytes, bytes]:
    """The values of the dictionary that `body` is to its last byte; else see `split_first`."""
    found, end = split_first(body, max_bytes=max_bytes)
    if end != len(body):
        raise _broken(end - 1)
    return found


def split_first(body: bytes, *, max_bytes: int) -> tuple[dict[bytes, bytes], int]:
    """The values of the dictionary with which `body` begins, each as it stands there, bencoded, and
    where it ends.

    BencodeError if there is none, TooManyTokensError if it has more than MAX_TOKENS. What a value is, only `decode` tells.
    """
    if len(body) > max_bytes:
        raise BencodeError(f"The answer is larger than {max_bytes:,} bytes.")
    found: dict[bytes, bytes] = {}
    at, left = 1, MAX_TOKENS
    while body[at : at + 1] != b"e":
        key, start = _string(body, at)
        at, left = _end(body, start, left)
        if key in found:
            raise _broken(start)
        found[key] = body[start:at]
    if body[:1] != b"d":
        raise _broken(at)
    return found, at + 1


def strings(body: bytes) -> Iterator[bytes]:
    """Every string in it, keys too, up to where it is not bencoded any more."""
    at = 0
    while token := _TOKEN.match(body, at):
        at = token.end()
        if token.lastindex == _STRING:
            start, at = at, at + int(token[1])
            yield body[start:at]


def is_dictionary(body: bytes) -> bool:
    """Whether it is one dictionary, to its last byte; what its values are, only `decode` tells."""
    try:
        end, _left = _end(body, 0, len(body) or 1)
    except BencodeError:
        return False
    return body[:1] == b"d" and end == len(body)


def _end(body: bytes, at: int, left: int) -> tuple[int, int]:
    """Where the value that begins at `at` ends, and how many of the `left` tokens are left."""
    depth, match = 0, _TOKEN.match
    for rest in range(left - 1, -1, -1):
        token = match(body, at)
        if token is None:
            raise _broken(at)
        at, kind = token.end(), token.lastindex
        if kind == _STRING:
            at += int(token[1])
        elif kind == _BEGIN:
            depth += 1
        elif kind == _END:
            depth -= 1
        if depth <= 0:
            if depth or at > len(body):
                raise _broken(at)
            return at, rest
    raise TooManyTokensError(f"There are more than {MAX_TOKENS:,} values in it.")


def _value(body: bytes, at: int, depth: int) -> tuple[Value, int]:
    match body[at : at + 1]:
        case b"i":
            found = _INTEGER.match(body, at)
            if found is None:
                raise _broken(at)
            return int(found[1]), found.end()
        case b"l" | b"d" if not depth:
            raise TooDeepError("The answer is nested too deeply.")
        case b"l":
            return _list(body, at + 1, depth - 1)
        case b"d":
            return _dictionary(body, at + 1, depth - 1)
    return _string(body, at)


def _string(body: bytes, at: int) -> tuple[bytes, int]:
    found = _LENGTH.match(body, at)
    if found is None:
        raise _broken(at)
    end = found.end() + int(found[1])
    if end > len(body):
        raise _broken(at)
    return body[found.end() : end], end


def _list(body: bytes, at: int, depth: int) -> tuple[list[Value], int]:
    values: list[Value] = []
    while body[at : at + 1] != b"e":
        value, at = _value(body, at, depth)
        values.append(value)
    return values, at + 1


def _dictionary(body: bytes, at: int, depth: int) -> tuple[dict[bytes, Value], int]:
    values: dict[bytes, Value] = {}
    while body[at : at + 1] != b"e":
        key, value_at = _string(body, at)
        if key in values:
            raise _broken(at)
        values[key], at = _value(body, value_at, depth)
    return values, at + 1


def _broken(at: int) -> BencodeError:
    return BencodeError(f"The answer is not bencoded (byte {at}).")
