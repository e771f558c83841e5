"""Files that are named on the command line; `-` is standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from ..errors import SetupError


def read_text(path: str | None) -> str | None:
    """The text of a file, None of none; SetupError if it can't be read or is not UTF-8."""
    try:
        return None if path is None else read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SetupError(f"{path} is not UTF-8.") from error


def read_bytes(path: str) -> bytes:
    """The whole of a file; SetupError if it can't be read."""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def opened(path: str) -> IO[bytes]:
    """A file to be read bit by bit; SetupError if it can't be."""
    try:
        return os.fdopen(os.dup(0), "rb") if path == "-" else Path(path).open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError) -> SetupError:
    return SetupError(f"{path} can't be read: {error.strerror}")
