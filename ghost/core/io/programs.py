"""The one entry point to other programs."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ghost.core.errors import OutageError
from ghost.core.io import child_environment, failures

OUTPUT_LIMIT_CHARS = 20_000
MOST_LOGGED_LINES = 50
# Run in the child, since `preexec_fn` is unsafe beside threads. 1 is PR_SET_PDEATHSIG (prctl(2)),
# which outlives exec; the parent may be dead by then already. Python ignores two signals, and what
# is ignored stays so over exec.
_DIE_WITH_PARENT = f"""
import ctypes, os, signal, sys
for each in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(each, signal.SIG_DFL)
ctypes.CDLL(None).prctl(1, {int(signal.SIGKILL)})
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Output:
    """What a finished program left: exit code, its words (cut in the middle), seconds."""

    exit_code: int
    text: str
    seconds: float

    def log(self, name: str, *, most_lines: int = MOST_LOGGED_LINES) -> None:
        """Log how the program ended, and the last lines that it wrote, each as a line of its own."""
        level = logging.WARNING if self.exit_code else logging.INFO
        for line in [each for each in self.text.splitlines() if each.strip()][-most_lines:]:
            log.log(level, "%s: %s", name, line)
        details = {"program": name, "exit_code": self.exit_code}
        details["duration_ms"] = round(self.seconds * 1000)
        log.log(level, "%s ended", name, extra={"details": details})


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    passes: Iterable[str] = (),
    env: Mapping[str, str] | None = None,
    umask: int | None = None,
    feed: Iterable[bytes] | None = None,
    limit_chars: int = OUTPUT_LIMIT_CHARS,
) -> Output:
    """Run a program to its end, standard output and error together.

    Of our environment it gets what `passes` names (`ghost.core.io.child_environment` has a list for
    each program) and what every program needs; `env` comes beside that. Without `umask` its files
    are its owner's alone.

    `feed` is its standard input, read in a thread of its own; what fails there is raised here.
    Output longer than `limit_chars` is cut in the middle. OutageError if it can't be started or takes longer than `timeout_s`. The program
    gets a process group of its own, which never outlives this call. On Linux the program
    itself (not what it started) ends with us even if we are killed.
    """
    started = time.monotonic()
    with _input(feed) as stdin:
        try:
            process = subprocess.Popen(
                _guarded([str(part) for part in argv]),
                cwd=cwd,
                env=child_environment.environment(passes, env or {}),
                umask=-1 if umask is None else umask,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            name, reason = str(argv[0]), error.strerror or type(error).__name__
            raise OutageError(failures.NOT_STARTED(name=name, reason=reason)) from error
        finally:
            if stdin != subprocess.DEVNULL:
                os.close(stdin)
        words = _words(process, argv[0], timeout_s)
    text = _cut(words.decode(errors="replace").replace("\0", ""), limit_chars)
    return Output(process.returncode, text, time.monotonic() - started)


def _words(process: subprocess.Popen[bytes], name: object, timeout_s: float) -> bytes:
    with process:
        try:
            words, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise OutageError(failures.STOPPED(name=str(name), seconds=round(timeout_s))) from error
        finally:
            _kill_group(process)
    return words


@contextmanager
def _input(feed: Iterable[bytes] | None) -> Iterator[int]:
    """What the program reads: the end of a pipe that is fed meanwhile, or nothing."""
    if feed is None:
        yield subprocess.DEVNULL
        return
    reading, writing = os.pipe()
    failures: list[BaseException] = []
    thread = threading.Thread(target=_write, args=(writing, feed, failures), name="feed")
    thread.start()
    try:
        yield reading
    finally:
        thread.join()
    if failures:
        raise failures[0]


def _write(descriptor: int, feed: Iterable[bytes], failures: list[BaseException]) -> None:
    try:
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as stream:
            for part in feed:
                stream.write(part)
    except BrokenPipeError:
        pass  # the program ended early; its exit code says why
    except BaseException as error:  # noqa: BLE001  # told where the program was started
        failures.append(error)


def _guarded(argv: list[str]) -> list[str]:
    # What can't be started at all shall fail in Popen, which says why.
    if sys.platform != "linux" or shutil.which(argv[0]) is None:
        return argv
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *argv]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # The queue's time-out arrives as an exception in communicate(): children must not stay.
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _cut(text: str, limit_chars: int) -> str:
    if len(text) <= limit_chars:
        return text
    half = limit_chars // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
