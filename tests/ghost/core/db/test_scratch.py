"""Work on a copy of the database."""

from __future__ import annotations

import pytest
from django.db import connection

from ghost.core.db import scratch
from resources.models import Category
from tests import locks, make

needs_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="copies SQLite's file")


@needs_sqlite
def test_what_is_tried_on_a_copy_is_neither_kept_nor_waited_for(file_database):
    make.category("Here")

    with locks.held(patience_ms=20_000), scratch.on_copy():
        make.category("Tried")
        seen = sorted(Category.objects.values_list("name", flat=True))

    assert seen == ["Here", "Tried"]
    assert list(Category.objects.values_list("name", flat=True)) == ["Here"]
    assert list(file_database.parent.glob(".try-*")) == []


@needs_sqlite
def test_the_database_is_back_after_an_error(file_database):
    with pytest.raises(ValueError, match="oops"), scratch.on_copy():
        raise ValueError("oops")

    make.category("Kept")
    assert connection.settings_dict["NAME"] == str(file_database)
    assert Category.objects.count() == 1


@pytest.mark.django_db
def test_within_a_transaction_nothing_is_copied():
    with scratch.on_copy():
        make.category("Tried")

    assert Category.objects.count() == 1
