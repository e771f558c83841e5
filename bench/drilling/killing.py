"""Web and worker under a runner that starts again nothing but the two top processes."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from processes import parts

STOP_S = 60.0


class Runner:
    """As honcho, systemd or a container's restart policy would."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._env = env | {"HOST": "127.0.0.1", "PORT": str(self.port)}
        self._folder = folder
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self.restarts = 0
        self.left = 0

    def __enter__(self) -> Runner:
        for name in ("web", "worker"):
            self._programs[name] = self._start(name)
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._keeper.join()
        below = [pid for program in self._programs.values() for pid in descendants(program.pid)]
        for program in self._programs.values():
            program.send_signal(signal.SIGTERM)
        for program in self._programs.values():
            program.wait(STOP_S)
        time.sleep(1)
        self.left = sum(_is_alive(pid) for pid in below)

    def _keep(self) -> None:
        """Start again what has ended."""
        while not self._ended.wait(0.2):
            for name, program in list(self._programs.items()):
                if program.poll() is not None:
                    self._programs[name] = self._start(name)
                    self.restarts += 1

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        lines = (parts.ROOT / "Procfile").read_text().splitlines()
        line = next(x for x in lines if x.startswith(f"{name}:")).partition(":")[2]
        with (self._folder / f"{name}.log").open("a") as log:
            return subprocess.Popen(
                ["sh", "-c", f"exec {line}"], cwd=parts.ROOT, env=self._env, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def kill_one(self, dice: random.Random) -> str:
        """SIGKILL one process of all; what it was."""
        tops = {program.pid: name for name, program in self._programs.items()}
        found = [*tops, *(pid for top in tops for pid in descendants(top))]
        pid = dice.choice(found)
        what = tops.get(pid) or _name(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return what


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [p for child in children for p in (int(child), *descendants(int(child)))]
    return []


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "gone"


def _is_alive(pid: int) -> bool:
    with suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False
