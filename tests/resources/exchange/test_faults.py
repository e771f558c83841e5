"""Whatever a line holds, an import ends with its report, and takes the others."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal

import pytest
from django.db import DataError, IntegrityError, OperationalError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from resources.exchange import csv_table, records
from resources.exchange.importing.import_resources import Arrivals
from resources.models import Category, Resource
from tests import make
from tests.resources.catalog_files import CATEGORY, HEADER, PUBLISHER, RESOURCE
from tests.resources.exchanges import bring_out, take_in

pytestmark = pytest.mark.django_db
WIDE = hypothesis_settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.just([]),
    st.sampled_from([
        {}, "\ud800", "\0", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1" * 5000,
        [[[[[[]]]]]], "films//", "/", "films/films",
    ]),
)  # fmt: skip
_BLOCK = {"type": "block", "info_hash": "cd" * 20}
_TEAM = {"type": "team", "id": 1, "name": "Team", "owner": 1}
OTHER = {"magnet_uri": f"magnet:?xt=urn:btih:{'ef' * 20}"}
FIELDS = [
    (values, name)
    for values, kind in (
        (PUBLISHER | {"ref": 2, "name": "Ben"}, records.PublisherRecord),
        (_TEAM, records.TeamRecord),
        (CATEGORY, records.CategoryRecord),
        (_BLOCK, records.BlockRecord),
        (RESOURCE | OTHER, records.ResourceRecord),
    )
    for name in kind.model_fields
]


def magnet(number: int) -> str:
    return f"magnet:?xt=urn:btih:{number:040x}"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataError("x"), "A value in it is more than the database can hold."),
        (IntegrityError("x"), "It can't be stored beside what is here already."),
        (OverflowError("x"), "A value in it is more than the database can hold."),
        (KeyError("x"), "It can't be taken in (KeyError: 'x')."),
    ],
)
def test_an_error_in_the_midst_of_a_part_is_told_of_its_line_alone(
    read, monkeypatch, error, reason
):
    finish = Arrivals._finish

    def fail(self, arrival, row):
        if row.title == "7":
            raise error
        finish(self, arrival, row)

    monkeypatch.setattr(Arrivals, "_finish", fail)
    rows = [RESOURCE | {"id": None, "title": str(n), "magnet_uri": magnet(n)} for n in range(1, 12)]

    told = read(PUBLISHER, CATEGORY, *rows)

    assert told.lines == [f"line 10: refused: {reason}"]
    assert (told["created"], told["refused"], told["categories"]) == (10, 1, 1)
    assert Resource.objects.count() == 10


def test_what_ends_an_import_is_told_with_what_is_in(read, monkeypatch):
    monkeypatch.setattr("resources.exchange.importing.importer.AT_ONCE", 1)
    finish = Arrivals._finish

    def fail(self, arrival, row):
        if row.title == "2":
            raise OperationalError("database or disk is full")
        finish(self, arrival, row)

    monkeypatch.setattr(Arrivals, "_finish", fail)
    rows = [RESOURCE | {"id": None, "title": str(n), "magnet_uri": magnet(n)} for n in range(1, 4)]

    told = read(PUBLISHER, CATEGORY, *rows)

    assert told.error == "database or disk is full. Run it again: what is in stays in."
    assert (told["created"], told.counts["error"]) == (1, told.error)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("x" * 1_000_001, "line 3 has more than a million letters."),
        (f'"{"x" * 99_000}\n",' * 11, "line 13 ends a row of more than a million letters."),
    ],
)
def test_what_was_read_before_a_file_breaks_off_is_in(db, tmp_path, cells, reason):
    make.publisher(name="Ada")
    make.category("Films")
    path = tmp_path / "a.csv"
    row = f"A,{magnet(1)},films,Ada\n"
    path.write_text("title,magnet_uri,category,publisher\n" + row + cells + row)

    told = take_in(path)

    assert (told["created"], Resource.objects.count()) == (1, 1)
    assert told.error == f"This is no table: {reason} What came before it is in."


@given(st.sampled_from(FIELDS), ODD)
@WIDE
def test_any_value_in_any_field_is_that_lines_alone(tmp_path_factory, db, field, value):
    kind, name = field
    bad = {**kind, name: value}
    good = RESOURCE | {"id": None}
    path = tmp_path_factory.mktemp("odd") / "a.ndjson"
    lines = [HEADER, PUBLISHER, CATEGORY, bad, good]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")

    told = take_in(path, "--dry-run")

    assert told["created"] + told["refused"] >= 1
    assert "fault of Ghost" not in told.error
    assert not any("can't be taken in" in line for line in told.lines), told.lines


@given(st.dictionaries(st.sampled_from(csv_table.COLUMNS), st.one_of(
    st.text(max_size=20), ODD.map(str)), max_size=6))  # fmt: skip
@WIDE
def test_any_cells_are_that_rows_alone(tmp_path_factory, db, cells):
    make_once()
    good = {"title": "Good", "magnet_uri": magnet(5), "category": "films", "publisher": "Ada"}
    text = io.StringIO()
    table = csv.DictWriter(text, dict.fromkeys([*good, *cells]))
    table.writeheader()
    table.writerow(good | {"magnet_uri": magnet(6)} | cells)
    table.writerow(good)
    path = tmp_path_factory.mktemp("odd") / "a.csv"
    path.write_text(text.getvalue(), errors="replace", newline="")

    told = take_in(path, "--dry-run")

    assert told["created"] >= 1 or told["refused"] or told.error
    assert not any("can't be taken in" in line for line in told.lines), told.lines


def make_once() -> None:
    if not Category.objects.exists():
        make.publisher(name="Ada")
        make.category("Films")


@pytest.mark.parametrize("name", ["a.ndjson", "a.json", "a.csv"])
def test_damaged_files_end_with_their_report(db, tmp_path, name):
    dice = random.Random(name)
    for _ in range(3):
        make.resource()
    path = tmp_path / name
    good = bring_out(path)
    for _ in range(15):
        body = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        path.write_bytes(body)

        told = take_in(path, "--dry-run", "--existing", "update")

        assert "seconds" in told.counts
        assert "fault of Ghost" not in told.error
        assert not any("can't be taken in" in line for line in told.lines), told.lines


def test_an_interrupt_ends_with_the_report(read, monkeypatch):
    monkeypatch.setattr("resources.exchange.importing.importer.AT_ONCE", 1)
    finish = Arrivals._finish

    def stop(self, arrival, row):
        if row.title == "2":
            os.kill(os.getpid(), signal.SIGTERM)
        finish(self, arrival, row)

    monkeypatch.setattr(Arrivals, "_finish", stop)
    rows = [RESOURCE | {"id": None, "title": str(n), "magnet_uri": magnet(n)} for n in range(1, 4)]

    told = read(PUBLISHER, CATEGORY, *rows)

    assert told.error == "Interrupted. Run it again: what is in stays in."
    assert (told["created"], Resource.objects.count()) == (1, 1)
