"""A real PostgreSQL for tests: a cluster of its own on a Unix socket, in a folder that goes away.

`python -m tests.postgres COMMAND…` runs a command beside one, which TEST_DATABASE_URL names:
`make test-postgres` runs the suite that way.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE_S = 120
KEPT = ("django_content_type", "auth_permission")
# Sorts as people do, not by code points: what relies on an order of texts must say which.
_CLUSTER = ("--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8", "--encoding=UTF8",
            "--auth=trust", "--username=ghost", "--no-sync")  # fmt: skip
_SETTINGS = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off",
             "full_page_writes": "off", "shared_buffers": "128MB", "max_connections": "100",
             "lc_messages": "C", "deadlock_timeout": "100ms"}  # fmt: skip


def programs() -> Path | None:
    """The folder of the newest PostgreSQL here: Debian keeps them out of PATH."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda p: int(re.sub(r"\D", "", p.parts[-3]) or 0), default=None)
    on_path = shutil.which("initdb")
    return newest.parent if newest else Path(on_path).parent if on_path else None


@contextmanager
def running() -> Iterator[str]:
    """The address of a database `ghost` in a new cluster, which ends with this."""
    bin_dir = programs()
    assert bin_dir is not None, "PostgreSQL is not installed"
    folder = Path(tempfile.mkdtemp(prefix="ghost-pg-", dir="/tmp"))
    address = f"postgresql://ghost@/ghost?host={folder}"
    try:
        _give_away(folder)
        data = folder / "data"
        _run([bin_dir / "initdb", "-D", data, *_CLUSTER])
        given = [part for n, v in _SETTINGS.items() for part in ("-c", f"{n}={v}")]
        command = [bin_dir / "postgres", "-D", data, "-k", folder, *given]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(_as_owner(command), stdout=log, stderr=log)
        try:
            _make_database(address, process)
            yield address
        finally:
            process.send_signal(signal.SIGQUIT)  # its data go away: nothing to save
            process.wait(PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _give_away(folder: Path) -> None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)


def _as_owner(command: list[object]) -> list[str]:
    """The command as the owner of the cluster; it ends if we are killed."""
    is_root = os.geteuid() == 0
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if is_root else []
    return [str(part) for part in ("setpriv", *user, "--pdeathsig=SIGQUIT", *command)]


def _run(command: list[object]) -> None:
    done = subprocess.run(
        _as_owner(command), capture_output=True, text=True, cwd="/", timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr


def _make_database(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with psycopg.connect(address.replace("/ghost?", "/postgres?"), autocommit=True) as db:
                db.execute("CREATE DATABASE ghost")
                return
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL ended at once"
            assert time.monotonic() < until, "PostgreSQL does not answer"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of an empty database in a cluster of this test run."""
    if programs() is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with running() as address:
        yield address


def flush_what_has_rows(db: BaseDatabaseWrapper) -> None:
    """Empty tables after a test by DELETE, and only those with rows.

    Django's TRUNCATE makes the files of all tables and indexes anew, which took longer than most tests.
    What migrations leave behind would be made again after each test, the same as before: it stays.
    """

    def sql_flush(style: object, tables: list[str], **_: bool) -> list[str]:
        names = {table: db.ops.quote_name(table) for table in tables if table not in KEPT}
        with db.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(_if_it_has_rows(*each) for each in names.items()))
            return [
                f"DELETE FROM {names[table]}" for (table,) in cursor.fetchall()
            ]  # our own names

    db.ops.sql_flush = sql_flush  # type: ignore[assignment,method-assign]  # tests alone


def _if_it_has_rows(table: str, quoted: str) -> str:
    return f"SELECT '{table}' WHERE EXISTS (SELECT FROM {quoted})"  # our own names


def main(command: list[str]) -> int:
    """Run this command beside a cluster."""
    with running() as address:
        environ = os.environ | {"TEST_DATABASE_URL": address}
        return subprocess.run(command, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
