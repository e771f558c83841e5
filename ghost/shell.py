"""The one door to other programs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ghost.errors import OutageError

OUTPUT_LIMIT_CHARS = 20_000


@dataclass(frozen=True)
class Output:
    """What a finished program left: exit code, its words (cut in the middle), seconds."""

    exit_code: int
    text: str
    seconds: float


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Output:
    """Run a program to its end, standard output and error together.

    OutageError if it can't be started or takes longer than `timeout_s`. The program
    gets a process group of its own, which never outlives this call.
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            [str(part) for part in argv],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise OutageError(f"{argv[0]} could not be started: {error.strerror}.") from error
    with process:
        try:
            words, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise OutageError(f"{argv[0]} was stopped after {timeout_s:.0f} s.") from error
        finally:
            _kill_group(process)
    text = _cut(words.decode(errors="replace").replace("\0", ""))
    return Output(process.returncode, text, time.monotonic() - started)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # The queue's time-out arrives as an exception in communicate(): children must not stay.
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _cut(text: str) -> str:
    if len(text) <= OUTPUT_LIMIT_CHARS:
        return text
    half = OUTPUT_LIMIT_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
