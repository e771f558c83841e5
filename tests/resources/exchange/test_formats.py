"""A file's format is told by its name, and a file is written whole or not at all."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from resources.models import Resource
from tests import make
from tests.resources.catalog_files import ALL
from tests.resources.exchanges import bring_out, run, take_in, wipe

pytestmark = pytest.mark.django_db


def test_standard_output_and_input(catalog, tmp_path, capfdbinary, monkeypatch):
    path = tmp_path / "a.ndjson"
    expected = bring_out(path)

    call_command("export_catalog", "-")

    assert capfdbinary.readouterr().out == expected
    wipe()
    with path.open("rb") as stream:
        monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": stream}))
        told = take_in("-")
    assert (told.error, told["created"]) == ("", ALL)


@pytest.mark.parametrize("name", ["a.ndjson", "a.json", "a.csv"])
def test_a_failed_export_leaves_the_old_file(catalog, tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_text("old")
    monkeypatch.setattr("resources.exchange.catalog.BATCH", 3)
    monkeypatch.setattr(Resource.objects.none().__class__, "in_bulk", broken)

    told = run("export_catalog", path)

    assert "The catalog was not written" in told.error
    assert (path.read_text(), [p.name for p in tmp_path.iterdir() if name in p.name]) == (
        "old",
        [name],
    )


def broken(*_args, **_kwargs):
    raise OSError("disk full")


def test_a_folder_can_not_go_to_standard_output(catalog):
    told = run("export_catalog", "-", "--format", "torrents")

    assert "A folder can't go to standard output" in told.error


def test_an_export_is_for_its_owner_alone(written):
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_format_that_can_not_be_told_is_asked_for(catalog, tmp_path):
    told = run("export_catalog", tmp_path / "a.txt")

    assert "Name the format with --format: json, ndjson, csv, torrents." in told.error


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
def test_a_file_that_was_cut_off_is_told(db, tmp_path, name):
    for _ in range(3):
        make.resource()
    path = tmp_path / name
    whole = bring_out(path)
    wipe()
    path.write_bytes(whole[: int(len(whole) * 0.7)])

    told = take_in(path)

    assert "cut off" in told.error


def test_a_file_with_lines_missing_is_told(db, tmp_path):
    for _ in range(3):
        make.resource()
    path = tmp_path / "a.ndjson"
    lines = bring_out(path).splitlines(keepends=True)
    wipe()
    path.write_bytes(b"".join(lines[:-1]))

    told = take_in(path)

    assert "promises 5 records and has 4: it was cut off. What came before it is in." in told.error
    assert Resource.objects.count() == 2


def test_a_missing_file_is_told(db, tmp_path):
    told = take_in(tmp_path / "none")

    assert told.error == f"There is no file or folder “{tmp_path / 'none'}”."
