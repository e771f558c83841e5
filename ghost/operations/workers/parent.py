"""The parent of a worker host's processes: it starts the cluster and the watch, each in a process
group of its own, and starts them again when they end.

`manage.py qcluster` becomes this program. It imports nothing of Ghost or Django, has one thread,
opens no file but to add a line to the log, and asks no database, so that hardly anything can end it; and if something does,
nothing below it goes on alone. It hears from each child over a pipe: an empty line as often as its
loop turns, and the number of a process of its own whose death ended it.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
STOP_S = 25.0
"""What has not ended so long after it was asked to is killed."""
START_S = 60.0
"""Before its first word a child loads Ghost and looks at the database."""
CLUSTER_SILENT_S = 20.0
WATCH_SILENT_S = 120.0
"""The watch is silent for as long as a chore takes."""
QUICK_END_S = 2.0
"""After its first word. Who ends sooner, or has said none, may end at once again and again."""
LONGEST_PAUSE_S = 10.0
LONGEST_PAUSE_HEARD_S = 2.0
"""Before what has begun its work is started again."""
GONE_S = 5.0
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NAME = 1, 36, 15  # prctl(2)


class Child:
    """A program below the parent, with all the processes that it starts: a process group."""

    def __init__(self, name: str, argv: list[str], silent_s: float) -> None:
        self.name, self.argv, self.silent_s = name, argv, silent_s
        self.pid = 0
        self.died = ""
        """Numbers of its processes whose death ended it, with commas."""
        self.hears: int | None = None
        self._started_at = self._spoke_at = self._heard_at = self._start_at = 0.0
        self._quick_ends = 0

    def start_if_due(self) -> None:
        """Start it unless it runs, or has a pause."""
        if self.pid or time.monotonic() < self._start_at:
            return
        try:
            self._start()
        except OSError as error:  # no process or memory left: later
            self._pause()
            say(f"the {self.name} can't be started: {error.strerror}")

    def _start(self) -> None:
        self.hears, speaks = os.pipe()
        os.set_blocking(self.hears, False)
        os.set_blocking(speaks, False)
        argv = [*self.argv, "--heard-by", str(speaks), "--died", self.died]
        parent = os.getpid()
        try:
            self.pid = os.fork() or _become(argv, speaks, parent)
        finally:
            os.close(speaks)
        with suppress(OSError):  # it does so itself as well: whoever comes first
            os.setpgid(self.pid, self.pid)
        self.died = ""
        self._started_at, self._spoke_at, self._heard_at = time.monotonic(), 0.0, 0.0

    def listen(self) -> None:
        """Take what it has said."""
        said = b""
        with suppress(OSError):
            while self.hears is not None and (part := os.read(self.hears, 65536)):
                said += part
        if said:
            self._heard_at = time.monotonic()
            self._spoke_at = self._spoke_at or self._heard_at
        names = [self.died, *(line.decode("ascii", "replace") for line in said.split(b"\n"))]
        self.died = ",".join(name for name in names if name)

    def kill_if_silent(self) -> None:
        """End it if its loop does not turn any more."""
        since, patience_s = self._heard_at, self.silent_s
        if not since:
            since, patience_s = self._started_at, START_S
        if self.pid and time.monotonic() - since > patience_s:
            say(f"the {self.name} has been silent for {patience_s:.0f} s and is killed")
            self.signal_all(signal.SIGKILL)
            self._heard_at = time.monotonic()

    def bury(self) -> None:
        """Its leader has ended: end the rest of its group."""
        self.listen()
        self.signal_all(signal.SIGKILL)
        self._wait_for_group()
        self.pid = 0
        if self.hears is not None:
            os.close(self.hears)
            self.hears = None

    def plan_restart(self, status: int) -> None:
        """After its end with this status of wait(2): start it again, after a pause that grows if it
        ends at once again and again."""
        now = time.monotonic()
        is_quick = not self._spoke_at or now - self._spoke_at < QUICK_END_S
        self._quick_ends = self._quick_ends + 1 if is_quick else 0
        pause_s = self._pause()
        say(
            f"the {self.name} ended after {now - self._started_at:.0f} s ({_in_words(status)});"
            f" it is started again in {pause_s:.0f} s"
        )

    def _pause(self) -> float:
        longest_s = LONGEST_PAUSE_HEARD_S if self._spoke_at else LONGEST_PAUSE_S
        pause_s = min(longest_s, 2.0 ** (self._quick_ends - 1)) if self._quick_ends else 0.0
        self._start_at = time.monotonic() + pause_s
        return pause_s

    def ask_to_stop(self) -> None:
        """Let it end as it likes; its leader tells the others."""
        if self.pid:
            with suppress(OSError):
                os.kill(self.pid, signal.SIGTERM)

    def signal_all(self, number: int) -> None:
        """Tell each process of its group."""
        if self.pid:
            with suppress(OSError):
                os.killpg(self.pid, number)

    def _wait_for_group(self) -> None:
        """Until none of it is left; we are handed its orphans to bury."""
        deadline = time.monotonic() + GONE_S
        with suppress(OSError):
            while time.monotonic() < deadline:
                with suppress(ChildProcessError):
                    while os.waitpid(-self.pid, os.WNOHANG)[0]:
                        pass
                os.killpg(self.pid, 0)
                time.sleep(0.02)


class Parent:
    """The loop."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self._is_stopping = False
        for number in STOPS:
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # it wakes us

    def _stop(self) -> None:
        self._is_stopping = True

    def run(self) -> None:
        """Until we are asked to stop, and all have."""
        while not self._is_stopping:
            for child in self.children:
                child.start_if_due()
            self._turn()
            for child in self.children:
                child.kill_if_silent()
        deadline = time.monotonic() + STOP_S
        for child in self.children:
            child.ask_to_stop()
        while any(child.pid for child in self.children) and time.monotonic() < deadline:
            self._turn()
        for child in self.children:
            if child.pid:
                say(f"the {child.name} did not stop within {STOP_S:.0f} s and is killed")
            child.signal_all(signal.SIGKILL)

    def _turn(self) -> None:
        """Wait for a signal or a word, for at most a second; bury the dead."""
        listened = [child.hears for child in self.children if child.hears is not None]
        with suppress(OSError):
            select.select([self._woken, *listened], [], [], 1.0)
            os.read(self._woken, 512)
        for child in self.children:
            child.listen()
        self._bury()

    def _bury(self) -> None:
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                for child in self.children:
                    if child.pid == found[0]:
                        child.bury()
                        if not self._is_stopping:
                            child.plan_restart(found[1])


def _become(argv: list[str], speaks: int, parent: int) -> int:
    """In the child: be that program, in a group of our own, for as long as the parent lives."""
    try:
        os.setpgid(0, 0)
        control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.set_inheritable(speaks, True)  # noqa: FBT003  # it takes no keyword
        for number in (*STOPS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if os.getppid() == parent:  # it may have died before we asked to be told
            os.execv(argv[0], argv)  # noqa: S606  # no shell is needed
    finally:
        os._exit(127)


def control_process(option: int, value: int | bytes) -> None:
    """prctl(2), which Linux alone has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _in_words(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


class Log:
    """How `say` writes, which is how the others do (`ghost.core.logs`); set by whoever starts us."""

    is_json = False
    file = ""
    """Written besides standard error; the others see to its size."""


def say(text: str) -> None:
    """A line in the log, in the form of all others; nobody need be there to read it."""
    line = f"{_line(text)}\n".encode()
    with suppress(OSError):
        os.write(2, line)
    if Log.file:
        with suppress(OSError):
            descriptor = os.open(Log.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(descriptor, line)
            os.close(descriptor)


def _line(text: str) -> str:
    now = time.time()
    at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03}+00:00"
    text = text.replace("\n", "\\n")
    if not Log.is_json:
        return f"{at} WARNING qcluster [-] {text}"
    facts = {"time": at, "level": "WARNING", "logger": "qcluster", "message": text}
    return json.dumps(facts | dict.fromkeys(("request_id", "task_id", "build_id")))


def main(manage: str, log_format: str = "text", log_file: str = "") -> None:
    """Be the parent. `manage` is the path of manage.py, `log_file` where lines are written besides."""
    Log.is_json, Log.file = log_format == "json", log_file
    control_process(PR_SET_CHILD_SUBREAPER, 1)
    control_process(PR_SET_NAME, b"ghost-parent")
    start = [sys.executable, manage, "qcluster", "--skip-checks", "--only"]
    cluster = Child("cluster", [*start, "cluster"], CLUSTER_SILENT_S)
    watch = Child("watch", [*start, "watch"], WATCH_SILENT_S)
    Parent([cluster, watch]).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
