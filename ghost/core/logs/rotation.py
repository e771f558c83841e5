"""A file of the log that several processes write, and that is put aside when it is full."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ghost.core.io import files

NAME = "ghost.log"


class RotatedFile(logging.Handler):
    """Appends each line by one write, which the system keeps whole. Who finds the file full puts it
    aside as `ghost.log.1` (and that one as `.2`), of which `keep` are kept; the others see by its
    number on the disk that it is another file, and open that.

    A full or missing disk loses lines here and ends nothing: all of them go to standard error too.
    """

    def __init__(self, folder: Path, *, max_bytes: int, keep: int) -> None:
        super().__init__()
        self.path = folder / NAME
        self.max_bytes, self.keep = max_bytes, keep
        self._descriptor: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one event down."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001  # as all of logging's handlers do
            self.handleError(record)
            return
        with suppress(OSError):
            descriptor = self._open()
            if os.fstat(descriptor).st_size + len(line) > self.max_bytes:
                descriptor = self._put_aside(descriptor)
            os.write(descriptor, line)

    def close(self) -> None:
        """Let go of the file."""
        self.acquire()
        try:
            self._let_go()
        finally:
            self.release()
        super().close()

    def _let_go(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        """The file of this name, opened anew if it is another one than before."""
        if self._descriptor is not None and _is_same(self._descriptor, self.path):
            return self._descriptor
        self._let_go()
        files.make_folder(self.path.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, files.PRIVATE_FILE)
        return self._descriptor

    def _put_aside(self, descriptor: int) -> int:
        with _turn(self.path.parent) as is_ours:
            # Nobody waits: while another process does it, the full file takes our line as well.
            if is_ours and os.fstat(descriptor).st_size and _is_same(descriptor, self.path):
                self._rename()
        return self._open()

    def _rename(self) -> None:
        for number in sorted(self._numbers(), reverse=True):
            old = self._aside(number)
            if number >= self.keep:
                old.unlink(missing_ok=True)
            else:
                old.rename(self._aside(number + 1))
        if self.keep:
            self.path.rename(self._aside(1))
        else:
            self.path.unlink(missing_ok=True)

    def _numbers(self) -> Iterator[int]:
        for path in self.path.parent.glob(f"{NAME}.*"):
            number = path.name.removeprefix(f"{NAME}.")
            if number.isdecimal():
                yield int(number)

    def _aside(self, number: int) -> Path:
        return self.path.with_name(f"{NAME}.{number}")


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether this is still the file of that name."""
    with suppress(OSError):
        ours, theirs = os.fstat(descriptor), path.stat()
        return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)
    return False


@contextmanager
def _turn(folder: Path) -> Iterator[bool]:
    """Whether it is this process's turn, among all of this machine, to put files aside."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
