"""An import ends by saying what is in and what is not."""

from __future__ import annotations

import pytest
from django.db import connection

from resources.models import Resource
from tests import locks, make
from tests.resources.catalog_files import PUBLISHER
from tests.resources.exchanges import bring_out, fill, state, take_in, wipe

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ((), "has 4: it was cut off. What came before it is in."),
        (("--dry-run",), "has 4: it was cut off."),
    ],
)
def test_only_what_is_kept_is_told_to_be_in(db, tmp_path, option, told):
    for _ in range(3):
        make.resource()
    path = tmp_path / "a.ndjson"
    lines = bring_out(path).splitlines(keepends=True)
    wipe()
    path.write_bytes(b"".join(lines[:-1]))

    error = take_in(path, *option).error

    assert error == f"The file promises 5 records and {told}"


@pytest.mark.parametrize(
    ("lines", "options", "error"),
    [
        ([b"{"], (), "1 was refused."),
        ([b"{", b"{"], (), "2 were refused."),
        ([PUBLISHER, b"{"], (), "1 was refused; the others are in."),
        ([PUBLISHER, b"{"], ("--dry-run",), "1 would be refused."),
    ],
)
def test_the_others_are_in_only_if_there_are_some(read, lines, options, error):
    assert read(*lines, options=options).error == error


@pytest.mark.skipif(connection.vendor != "sqlite", reason="copies SQLite's file")
def test_a_dry_run_waits_for_nobody(file_database, tmp_path):
    fill(tmp_path / "seeds")
    path = tmp_path / "a.ndjson"
    bring_out(path)
    before = state()

    with locks.held(patience_ms=20_000):
        dry = take_in(path, "--dry-run")

    assert dry["skipped"] == Resource.objects.count() > 0
    assert state() == before
