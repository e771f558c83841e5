"""Faults, as they happen to real installations: how each is made, where it is seen, how it is mended."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from django.utils import timezone

from tests.stories.operations.watched import Watched, broken_module

LOCKED_S = 25


@dataclass(frozen=True)
class Fault:
    """One fault; `item` is what of /health tells it, `rule` the alert's."""

    name: str
    item: str
    rule: str
    make: Callable[[Watched], None]
    mend: Callable[[Watched], None]
    is_quick: bool = False
    """Seen and over within seconds: it belongs to the suite too."""
    lacks: Callable[[Watched], str] = lambda place: ""
    """Why it can't be made on this machine; empty if it can."""


def _restart(place: Watched, **variables: str | None) -> None:
    for name, value in variables.items():
        if value is None:
            place.env.pop(name, None)
        else:
            place.env[name] = value
    place.stop("worker")
    place.start("worker")


# -- the worker and its schedules


def _kill_worker(place: Watched) -> None:
    place.stop("worker", signal.SIGKILL)


def _start_worker(place: Watched) -> None:
    place.start("worker")


NIGHTLY = "verify the site"


def _let_schedule_be_late(place: Watched) -> None:
    """As if it had been queued three days ago, and nobody had run it to its end."""
    long_ago = (timezone.now() - timedelta(days=3)).strftime("%Y-%m-%d %H:%M:%S.%f")
    place.write(
        "UPDATE ghost_schedulerun SET expected_since = ?, ended_at = ? WHERE name = ?",
        long_ago, long_ago, NIGHTLY,
    )  # fmt: skip


def _run_schedule(place: Watched) -> None:
    place.manage("schedules", "run", NIGHTLY)


# -- what the machine lacks


def _break_libtorrent(place: Watched) -> None:
    _restart(place, PYTHONPATH=broken_module(place.folder / "broken", "libtorrent"))


def _bring_libtorrent_back(place: Watched) -> None:
    _restart(place, PYTHONPATH=None)


def hugo_link(folder: Path) -> Path:
    """Where an installation's Hugo is looked for."""
    return folder / "bin" / "hugo"


def link_hugo(folder: Path) -> None:
    """Put it there."""
    link = hugo_link(folder)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(Path(sys.executable).parent / "hugo")


def _take_hugo_away(place: Watched) -> None:
    hugo_link(place.folder).unlink()


def _bring_hugo_back(place: Watched) -> None:
    link_hugo(place.folder)


def disk(place: Watched) -> Path:
    """A small file system of its own, where that can be mounted."""
    return place.folder / "disk"


def mount_disk(folder: Path) -> bool:
    """Mount it; False where that is refused."""
    (folder / "disk").mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder / "disk")],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def unmount_disk(folder: Path) -> None:
    """Give it back."""
    subprocess.run(["umount", "-l", str(folder / "disk")], capture_output=True, check=False)


def _fill_disk(place: Watched) -> None:
    left = shutil.disk_usage(disk(place)).free
    (disk(place) / "ballast").write_bytes(b"\0" * (left - 20_000))


def _empty_disk(place: Watched) -> None:
    (disk(place) / "ballast").unlink()


def _lacks_mounts(place: Watched) -> str:
    return "" if disk(place).is_mount() else "file systems can't be mounted here"


# -- the database


def _hold_the_write_lock(place: Watched) -> None:
    """Somebody else's transaction; it ends by itself."""
    begun = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(place.folder / "ghost.db", timeout=20)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            begun.set()
            time.sleep(LOCKED_S)
            writer.rollback()

    threading.Thread(target=hold, daemon=True).start()
    begun.wait(60)


def _wait(place: Watched) -> None:
    """It goes away by itself."""


# -- what is outside


def remote(folder: Path) -> Path:
    """The bare repository that the site is pushed to."""
    return folder / "pages.git"


def _move_remote(place: Watched) -> None:
    remote(place.folder).rename(place.folder / "elsewhere.git")
    place.publish("A change that can't be deployed")


def _move_remote_back(place: Watched) -> None:
    (place.folder / "elsewhere.git").rename(remote(place.folder))


class _Covers(ThreadingHTTPServer):
    daemon_threads = True


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def _break_cover_host(place: Watched) -> None:
    server = _Covers(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    place.covers = server
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for number in range(4):
        place.publish(f"Cover {number}", cover_image_url=f"{address}/{number}.png")


def _mend_cover_host(place: Watched) -> None:
    """Its operator says that it answers again, and resets the circuit."""
    place.covers.shutdown()
    place.covers.server_close()
    place.reset_circuits("cover_host")


def _break_backups(place: Watched) -> None:
    folder = Path(place.env["GHOST_BACKUP_DIR"])
    if folder.exists():
        folder.rename(folder.with_name("backups.aside"))
    folder.write_text("no folder")
    place.manage("schedules", "run", "back up")


def _mend_backups(place: Watched) -> None:
    folder = Path(place.env["GHOST_BACKUP_DIR"])
    folder.unlink()
    if (aside := folder.with_name("backups.aside")).exists():
        aside.rename(folder)
    place.manage("schedules", "run", "back up")


def _leave_the_dht(place: Watched) -> None:
    place.stop("worker")
    (place.folder / "dht.state").unlink(missing_ok=True)
    place.env["GHOST_DHT_BOOTSTRAP_NODES"] = "127.0.0.1:1"
    place.start("worker")


def _join_the_dht(place: Watched) -> None:
    _restart(place, GHOST_DHT_BOOTSTRAP_NODES=place.bootstrap)


# -- memory


def hold_memory() -> None:
    """A task that needs more than a worker may."""
    bytearray(400 << 20)


_QUEUE_HUNGRY_TASKS = """
from django_q.tasks import async_task
for _ in range(4):
    async_task("tests.stories.operations.faults.hold_memory")
"""


def _need_too_much_memory(place: Watched) -> None:
    _restart(place, GHOST_WORKER_MAX_MEMORY_MB="256")
    place.manage("shell", "-c", _QUEUE_HUNGRY_TASKS)


def _let_an_hour_pass(place: Watched) -> None:
    """As if the replacements had been two hours ago: what was mended is told for an hour."""
    _restart(place, GHOST_WORKER_MAX_MEMORY_MB=None)
    long_ago = (timezone.now() - timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S.%f")
    place.write("UPDATE ghost_workerreplacement SET at = ?", long_ago)


# A clock that jumps is made in tests/ghost/operations/: a whole worker can't live under libfaketime, whose
# time.sleep() fails as soon as the clock has jumped.
FAULTS = (
    Fault("worker killed", "workers", "worker-gone", _kill_worker, _start_worker),
    Fault("schedule overdue", "schedules", "schedules-overdue", _let_schedule_be_late, _run_schedule),
    Fault("libtorrent away", "libtorrent", "service-down", _break_libtorrent, _bring_libtorrent_back),
    Fault("disk full", "disk", "disk", _fill_disk, _empty_disk, lacks=_lacks_mounts),
    Fault("writers wait for the lock", "writers", "database-slow", _hold_the_write_lock, _wait),
    Fault("git remote gone", "deployments", "deployment-rejected", _move_remote, _move_remote_back),
    Fault("cover host failing", "circuits", "circuit-open", _break_cover_host, _mend_cover_host, is_quick=True),
    Fault("backup failing", "backups", "backup-overdue", _break_backups, _mend_backups, is_quick=True),
    Fault("DHT unreachable", "dht", "dht-empty", _leave_the_dht, _join_the_dht),
    Fault("Hugo missing", "machine", "service-down", _take_hugo_away, _bring_hugo_back, is_quick=True),
    Fault("replaced for memory", "processes", "worker-memory", _need_too_much_memory, _let_an_hour_pass),
)  # fmt: skip
