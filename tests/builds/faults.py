"""An installation on disk whose builders die, sleep or run out of disk at any chosen moment."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.utils import timezone

from builds import tasks
from builds.models import Build, BuildState
from builds.tree import check
from tests.results import said

STEP = int(os.environ.get("FAULTS", "0"))
"""1 tries each moment of a build, 5 every fifth; 0 a few of each kind."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGING = ("os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.mkdir")
Act = Callable[[str], None]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def broken(site: dict[str, bytes], pages: set[str]) -> list[str]:
    """Links of these pages that lead nowhere."""
    links = {
        (page, link)
        for page in pages
        if page.endswith(".html") and page in site
        for link in check.links(site[page].decode())
    }
    return sorted(
        f"{page} → {link}"
        for page, link in links
        if not check._leads_somewhere(link, site.__contains__)
    )


class Moments:
    """Calls `act` before every write of this process: to a file, or to the database."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.is_over = False

    def watch(self) -> None:
        """For good: a hook can't be taken back."""
        sys.addaudithook(self._file)
        connection.execute_wrappers.append(self._statement)
        wrapper: Any = DatabaseWrapper
        real = wrapper._commit

        def commit(database):
            self._call("commit")
            return real(database)

        wrapper._commit = commit

    def _file(self, event: str, args: tuple) -> None:
        if event == "open":
            path, _, flags = args
            if flags & WRITING and str(path) != os.devnull:
                self._call(f"write {_told(path)}")
        elif event in CHANGING:
            self._call(f"{event} {_told(args[0])}")
        elif event == "subprocess.Popen":
            self._call("start a program")

    def _statement(self, execute, sql, params, many, context):
        if sql.split(None, 1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            self._call(" ".join(sql.split()[:3]))
        return execute(sql, params, many, context)

    def _call(self, what: str) -> None:
        if not self.is_over:
            self.act(what)


def _told(path: object) -> str:
    return Path(os.fsdecode(path)).name if isinstance(path, (str, bytes, os.PathLike)) else "?"


class Place:
    """One installation: database, workdir and covers in a folder that can be put back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root.with_name("moments")

    @property
    def public(self) -> Path:
        return self.root / "site-workdir" / "public"

    def keep(self, name: str) -> None:
        """Remember all of it as it is now."""
        self.copy_to(self.root.with_name(name))

    def copy_to(self, folder: Path) -> None:
        """The same, anywhere."""
        connection.close()
        shutil.copytree(self.root, folder, symlinks=True)

    def put_back(self, name: str) -> None:
        """As it was when that was kept."""
        connection.close()
        shutil.rmtree(self.root)
        shutil.copytree(self.root.with_name(name), self.root, symlinks=True)

    # -- children

    def fork(self, operation: Callable[[], object], act: Act | None = None) -> int:
        """A child process that does an operation, acting before each write; its id."""
        connection.close()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads of other tests, which hold no lock that we need.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            if act:
                Moments(act).watch()
            operation()
            code = 0
        except BaseException:  # noqa: BLE001  # a child never comes back into the tests
            traceback.print_exc()
        finally:
            os._exit(code)

    def moments(self, operation: Callable[[], object]) -> list[str]:
        """Every write of an operation, which is then undone."""
        self.keep("before")

        found: list[str] = []

        def all_of_it() -> None:
            operation()
            self.log.write_text("\n".join(found[:]))

        assert exit_code(self.fork(all_of_it, found.append)) == 0
        self.put_back("before")
        shutil.rmtree(self.root.with_name("before"))
        return self.log.read_text().split("\n")

    def kill(self, operation: Callable[[], object], at: int) -> bool:
        """Do it in a child that SIGKILL ends before its write number `at`; whether it was."""
        return exit_code(self.fork(operation, _at(at, _die))) == -signal.SIGKILL

    def fill(self, operation: Callable[[], object], at: int) -> int:
        """Do it in a child whose disk is full from write number `at` on; its exit code."""
        return exit_code(self.fork(operation, _from(at, _no_space)))

    def lose(self, operation: Callable[[], object], at: int) -> int:
        """Do it in a child whose database fails at write number `at`; its exit code."""
        return exit_code(self.fork(operation, _at(at, _no_database)))

    @contextmanager
    def asleep(self, operation: Callable[[], object], at: int) -> Iterator[None]:
        """Do it in a child that falls asleep before its write number `at`, and wakes up and ends
        when the block has ended."""
        pid = self.fork(operation, _at(at, _sleep))
        _, status = os.waitpid(pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"it ended with {status}"
        try:
            yield
        finally:
            connection.close()
            os.kill(pid, signal.SIGCONT)
            os.waitpid(pid, 0)

    def is_locked(self) -> bool:
        """Whether somebody is in the middle of writing to the database."""
        with closing(sqlite3.connect(self.root / "ghost.db", timeout=0)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
        return False

    # -- what stands there

    def build(self, **kwargs) -> dict[str, bytes]:
        """Build here and now; the tree."""
        build = Build.objects.claim("test")
        assert build is not None
        tasks.carry_out(build, **kwargs)
        return tree(self.public)

    def rescue(self) -> str:
        """What the clock does once the dead builder's lease is over, and the pause after what failed;
        what came of it."""
        Build.objects.running().update(lease_until=timezone.now() - timedelta(seconds=1))
        BuildState.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())
        return said(tasks.note_published())

    def full(self) -> dict[str, bytes]:
        """The tree of a full build of what is in the catalog; nothing stays of it."""
        self.keep("full")
        try:
            Build.objects.running().update(state="failed")
            return self.build(force=True)
        finally:
            self.put_back("full")
            shutil.rmtree(self.root.with_name("full"))


def exit_code(pid: int) -> int:
    """Of a child that ends; negative is the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _at(number: int, operation: Callable[[], None]) -> Act:
    left = [number]

    def act(_what: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            operation()

    return act


def _from(number: int, operation: Callable[[str], None]) -> Act:
    left = [number]

    def act(what: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            operation(what)

    return act


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _sleep() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _no_database() -> None:
    raise OperationalError("database is locked")


def _no_space(what: str) -> None:
    # Removing needs no room, and the database is not on that disk.
    if what.startswith(("write", "os.mkdir", "os.link", "os.symlink")):
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def some(moments: list[str], kinds: tuple[str, ...], each: int) -> list[int]:
    """Numbers of moments: every STEP-th if asked for, else a few of each kind, evenly spread."""
    if STEP:
        return list(range(0, len(moments), STEP))
    found: set[int] = set()
    for kind in kinds:
        numbers = [n for n, what in enumerate(moments) if kind in what]
        found |= {numbers[len(numbers) * (part + 1) // each - 1] for part in range(each)}
    return sorted(found)


@pytest.fixture
def place(file_database, configure, monkeypatch) -> Place:
    """An installation with a database file, as in real life: threads and processes share it."""
    monkeypatch.setattr("builds.run.LOOK_EVERY_S", 600)  # the same moments, however slow it is
    if connection.vendor != "sqlite":
        pytest.skip("its processes and faults are those of a database in a file")
    root = file_database.parent
    configure(
        site_workdir=root / "site-workdir",
        cover_dir=root / "covers",
        magnet_metadata_dir=root / "metadata",
        build_debounce_s=0,
    )
    return Place(root)


def pending() -> bool:
    """Whether a change waits for its build."""
    return BuildState.get().pending_changes
