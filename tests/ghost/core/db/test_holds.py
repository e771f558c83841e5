from __future__ import annotations

import re

import pytest
from django.db import connection, transaction

from ghost.core.catalog.models import Catalog
from ghost.core.db.pacing import PacedWriter
from ghost.core.db.snapshot import one_moment

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="it has no lock for all writers"),
]


@pytest.fixture
def told(configure, caplog):
    """`told()`: what was logged of each hold so far."""
    configure(slow_transaction_s=0)
    return lambda: [each.getMessage() for each in caplog.records if "write lock" in each.msg]


def test_who_held_the_lock_is_named_with_those_who_called(told):
    def change() -> None:
        with Catalog.turn():
            pass

    change()

    (line,) = told()
    assert re.search(r"held for \d+\.\d{3} s by ", line)
    assert "ghost.core.catalog.models.Catalog.turn < " in line
    assert "test_who_held_the_lock_is_named_with_those_who_called" in line


def test_what_is_undone_held_the_lock_too(told):
    with pytest.raises(ValueError, match="undone"), transaction.atomic():
        raise ValueError("undone")

    assert len(told()) == 1


def test_an_inner_transaction_is_part_of_the_outer_one(told):
    with PacedWriter().writing(), transaction.atomic():
        pass

    assert len(told()) == 1


def test_what_is_short_is_not_told(told, configure):
    configure(slow_transaction_s=60)

    with transaction.atomic():
        pass

    assert told() == []


def test_who_only_reads_holds_nothing(told):
    with one_moment():
        Catalog.objects.first()

    assert told() == []
