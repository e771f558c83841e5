"""Tasks that leave marks, and a program that queues them as web processes do.

`python -m tests.ghost.operations.workers.load FOLDER` reads a task with its arguments from each
line of its standard input, and answers once the task is queued.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def mark(folder: str, name: str, seconds: str) -> None:
    """Work for so long, and leave a line."""
    (Path(folder) / f"{name}.begun").touch()
    time.sleep(float(seconds))
    with (Path(folder) / name).open("a") as file:
        file.write("done\n")


def die(folder: str) -> None:
    """End the worker, as the kernel does to whoever takes all the memory."""
    with (Path(folder) / "deaths").open("a") as file:
        file.write("died\n")
    os.kill(os.getpid(), signal.SIGKILL)


def fill(folder: str, name: str, megabytes: str) -> None:
    """Hold so much memory for a moment, and leave a line with the number of the process."""
    held = bytearray(int(megabytes) << 20)
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])  # each page is really had
    with (Path(folder) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")


def hang(folder: str) -> None:
    """Never end, whatever is said."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    (Path(folder) / "hang.begun").touch()
    while True:
        time.sleep(60)


def main() -> None:
    """Queue what is asked for."""
    import django

    django.setup()
    from ghost.core.jobs import pause, queue
    from ghost.core.jobs.models import JobKind

    for line in sys.stdin:
        name, *words = line.split()
        if name == "pause":
            pause.pause()
            print("paused", flush=True)
            continue
        args = [word for word in words if "=" not in word]
        options: dict[str, Any] = {
            key: int(value) for key, _, value in (w.partition("=") for w in words) if value
        }
        queue.enqueue(
            f"tests.ghost.operations.workers.load.{name}",
            sys.argv[1],
            *args,
            kind=JobKind.OTHER,
            **options,
        )
        print("queued", flush=True)


if __name__ == "__main__":
    main()
