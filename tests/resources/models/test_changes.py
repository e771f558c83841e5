"""Very many rows changed alike: in batches, all or none."""

import sqlite3
from typing import Any

import pytest
from django.db import OperationalError, connection

from ghost.core.catalog.models import Catalog
from resources.models import Block, Resource, changes
from tests import make

pytestmark = pytest.mark.django_db


def revision() -> int:
    return Catalog.get().revision


def many(count):
    """So many public hybrids, without the ceremony."""
    first = make.resource()
    Resource.objects.bulk_create(
        Resource(
            title=f"{n}", magnet_uri="", magnet_hash=f"{n:040x}", magnet_hash_v2=f"{n:064x}",
            category=first.category, publisher=first.publisher, probed_at=first.probed_at,
        )
        for n in range(1, count)
    )  # fmt: skip


def test_very_many_come_down_and_back_within_the_bounds_of_a_query():
    many(1000)
    before = revision()
    if connection.vendor == "sqlite":
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)

    down = Resource.objects.all().take_down(reason="x", by="y")
    blocked, public = Block.objects.count(), Resource.objects.public().count()
    back = Resource.objects.all().restore()

    assert (down, blocked, public) == (1000, 1999, 0)
    assert (back, Block.objects.count(), Resource.objects.public().count()) == (1000, 0, 1000)
    assert revision() - before == 2


def test_takedown_of_many_is_all_or_nothing(monkeypatch):
    monkeypatch.setattr(changes, "BATCH", 2)
    many(5)
    calls: list[Any] = []
    real = type(Block.objects.all()).add

    def fail_late(self, *args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise OperationalError("disk full")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(type(Block.objects.all()), "add", fail_late)
    monkeypatch.setattr(Block.objects, "add", lambda *a, **k: Block.objects.all().add(*a, **k))

    with pytest.raises(OperationalError):
        Resource.objects.all().take_down(reason="x", by="y")

    assert (Resource.objects.taken_down().count(), Block.objects.count()) == (0, 0)
