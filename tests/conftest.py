"""What all tests share: no connection leaves this machine, and settings that can be changed."""

from __future__ import annotations

import ipaddress
import math
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import hypothesis
import pytest
from django.db import connection, connections
from django.utils import translation

from ghost import urls  # noqa: F401  # loads the admin's pages, as a web process does
from ghost.core.audit import access
from ghost.core.heartbeats import workers
from tests.channels import mails, receiver  # noqa: F401  # fixtures
from tests.postgres import (
    flush_what_has_rows,
    postgres,  # noqa: F401  # a fixture
)
from tests.redis_server import redis_server  # noqa: F401  # a fixture
from tests.swarm import no_dht, running_swarm, swarm  # noqa: F401  # fixtures
from tests.threads import no_connection_is_left  # noqa: F401  # a fixture
from tests.trackers import asking, asking_public, opentracker, serve  # noqa: F401  # fixtures

# Examples of each property: few while somebody waits, many in CI.
hypothesis.settings.register_profile("short", max_examples=20, deadline=None)
hypothesis.settings.register_profile("long", max_examples=100, deadline=None, print_blob=True)
hypothesis.settings.load_profile("long" if os.environ.get("CI") else "short")


def pytest_report_header():
    return f"database: {connection.vendor}"


def pytest_collection_modifyitems(config, items):
    """The slow come first, so that none is left alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if connection.vendor != "sqlite":
        _for_postgres(config, items)


def _for_postgres(config, items):
    """Another database says something new of those tests alone that use one. What they write is
    seen by their threads once it is committed."""
    others = [item for item in items if not _uses_database(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if _uses_database(item)]
    for item in items:
        if "file_database" in item.fixturenames:
            item.add_marker(pytest.mark.django_db(transaction=True), append=False)


def _uses_database(item) -> bool:
    return item.get_closest_marker("django_db") is not None or "db" in item.fixturenames


@pytest.fixture(scope="session", autouse=True)
def quick_flush():
    """Tests on PostgreSQL that commit leave their rows behind: see there."""
    if connection.vendor == "postgresql":
        flush_what_has_rows(connection)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A packet or connection of this process to anywhere but loopback fails the test.

    Programs that tests start, and libtorrent, are bound to loopback by their settings.
    """
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


def _guarded(call):
    def checked(self, *args):
        # The address comes last in all three.
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert ipaddress.ip_address(args[-1][0]).is_loopback, f"a test tried {args[-1]}"
        return call(self, *args)

    return checked


@pytest.fixture(autouse=True)
def own_language():
    """A request leaves its language active in its thread: the next test begins without."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def own_refusals():
    """A process counts refusals for a minute: each test begins with none."""
    access.forget()


@pytest.fixture(autouse=True)
def living_worker():
    """Answers say so where no worker is alive: most tests start none, and are about something else."""
    workers.look.suppose(is_alive=True, for_s=math.inf)


@pytest.fixture
def configure(settings):
    """`configure(build_debounce_s=0)`: Ghost's configuration for one test."""

    def change(**values):
        settings.GHOST = settings.GHOST.model_copy(update=values)
        return settings.GHOST

    return change


@pytest.fixture(autouse=True)
def own_folders(configure, tmp_path):
    """Each test has its own files."""
    configure(
        magnet_metadata_dir=tmp_path / "magnet-metadata",
        magnet_tmp_dir=tmp_path / "magnet-tmp",
        cover_dir=tmp_path / "covers",
        site_workdir=tmp_path / "site-workdir",
        backup_dir=tmp_path / "backups",
    )


@pytest.fixture(scope="session")
def empty_database(django_db_setup, django_db_blocker, tmp_path_factory) -> Path | None:
    """A database file with all tables and no rows; None on PostgreSQL, which needs none."""
    if connection.vendor != "sqlite":
        return None
    path = tmp_path_factory.mktemp("database") / "empty.db"
    with django_db_blocker.unblock(), closing(sqlite3.connect(path)) as file:
        connection.ensure_connection()
        connection.connection.backup(file)
    return path


@pytest.fixture
def file_database(empty_database, db, tmp_path) -> Iterator[Path]:
    """A database of this test alone, in a file: threads and processes share it, as in real life.

    PostgreSQL shares its own by itself: see `pytest_collection_modifyitems`.
    """
    path = tmp_path / "ghost" / "ghost.db"
    path.parent.mkdir()
    if empty_database is None:
        yield path
        return
    shutil.copyfile(empty_database, path)
    memory = connections["default"]
    name = memory.settings_dict["NAME"]
    memory.settings_dict["NAME"] = str(path)  # of other threads' connections too
    connections["default"] = connections.create_connection("default")
    try:
        yield path
    finally:
        connection.close()
        connections["default"] = memory
        memory.settings_dict["NAME"] = name
