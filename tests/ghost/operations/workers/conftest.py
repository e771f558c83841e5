"""A real worker host on an installation of its own, whose processes can be killed one by one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ghost.core.config.env import BASE_DIR
from tests.installation import Installation, wait_for

MAX_MEMORY_MB = 320


class WorkerHost:
    """A `qcluster` with a feeder of tasks."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.marks = place.folder / "marks"
        self.marks.mkdir()
        argv = [sys.executable, "-m", "tests.ghost.operations.workers.load", str(self.marks)]
        self._feeder = subprocess.Popen(
            argv,
            cwd=BASE_DIR,
            env=place.env,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start(self) -> None:
        """Start the workers, unless they run."""
        if "worker" not in self.place.programs:
            self.place.start("worker")
            wait_for("the cluster", lambda: self.pid("pusher") and self.pid("watch"))

    def close(self) -> None:
        """End everything."""
        self._feeder.communicate()
        if "worker" in self.place.programs:
            self.place.stop("worker")

    # -- tasks

    def queue(self, task: str, *args: object) -> None:
        """Queue a task of `load`: it is in the database when this returns."""
        assert self._feeder.stdin is not None
        assert self._feeder.stdout is not None
        self._feeder.stdin.write(" ".join(map(str, (task, *args))) + "\n")
        self._feeder.stdin.flush()
        assert self._feeder.stdout.readline() == "queued\n"

    def pause(self) -> None:
        """Let nothing new begin."""
        assert self._feeder.stdin is not None
        assert self._feeder.stdout is not None
        self._feeder.stdin.write("pause\n")
        self._feeder.stdin.flush()
        assert self._feeder.stdout.readline() == "paused\n"

    def flood(self, name: str, number: int, seconds: float = 0.1) -> list[str]:
        """Queue many; the names of their marks."""
        marks = [f"{name}{each}" for each in range(number)]
        for mark in marks:
            self.queue("mark", mark, seconds)
        return marks

    def has_begun(self, mark: str) -> bool:
        return (self.marks / f"{mark}.begun").exists()

    def runs(self, mark: str) -> int:
        """How many times a task has run to its end."""
        with contextlib.suppress(FileNotFoundError):
            return len((self.marks / mark).read_text().splitlines())
        return 0

    def works_on(self, mark: str, patience_s: float = 60) -> float:
        """Seconds until a task that is queued now has run."""
        began = time.monotonic()
        self.queue("mark", mark, 0)
        wait_for(f"work to go on with {mark}", lambda: self.runs(mark), patience_s)
        return time.monotonic() - began

    def entries(self) -> list[tuple]:
        """Those tasks of `load` whose result is not stored."""
        return self.place.rows("SELECT task_id FROM ghost_queueentry WHERE func LIKE '%load.%'")

    def stored(self) -> int:
        """How many marks were left, by the results that are stored."""
        sql = (
            "SELECT count(DISTINCT id) FROM django_q_task WHERE success AND func LIKE '%load.mark'"
        )
        return self.place.rows(sql)[0][0]

    # -- processes

    @property
    def parent(self) -> int:
        return self.place.programs["worker"].pid

    def pids(self, role: str = "") -> list[int]:
        """The processes below the parent, of this role if one is given."""
        return [pid for pid in descendants(self.parent) if not role or name(pid) == f"ghost-{role}"]

    def pid(self, role: str) -> int:
        """The last one of this role; 0 if there is none."""
        return (self.pids(role) or [0])[-1]

    def kill(self, role: str) -> None:
        """SIGKILL one of this role."""
        pid = wait_for(role, lambda: self.pid(role))
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [p for child in children for p in (int(child), *descendants(int(child)))]
    return []


def name(pid: int) -> str:
    """As `ps -o comm` shows it."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def is_alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    variables = {
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_WORKERS": "2",
        "GHOST_WORKER_MAX_MEMORY_MB": str(MAX_MEMORY_MB),
    }
    with Installation(tmp_path_factory.mktemp("workers"), **variables) as place:
        host = WorkerHost(place)
        yield host
        host.close()


@pytest.fixture
def host(installed):
    """A worker host that runs, with nothing of these tests in its queue."""
    installed.start()
    wait_for("an empty queue", lambda: not installed.entries())
    return installed
