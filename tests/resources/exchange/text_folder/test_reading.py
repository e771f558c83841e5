"""A folder that somebody else may have written."""

from __future__ import annotations

import json

import pytest

from resources.models import Resource
from tests import make
from tests.resources.exchange.text_folder.folders import write
from tests.resources.exchanges import take_in, wipe

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    make.resource(title="A work", category=make.category("Films"))
    write(tmp_path)
    wipe()
    return tmp_path


def month(folder):
    (found,) = (folder / "resources").iterdir()
    return found


@pytest.mark.parametrize("missing", ["publishers.ndjson", "categories.ndjson"])
def test_what_refers_to_nothing_is_refused_by_its_line(folder, missing):
    (folder / missing).unlink()

    told = take_in(folder)

    assert (told["refused"], told["created"]) == (1, 0)
    assert any(f"resources/{month(folder).name} line 1" in line for line in told.lines)


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("teams.ndjson", b'{"type": "team", "id": 1, "name": "X", "owner": ["a"]}\n', "owner: nobody"),
        ("teams.ndjson", b"[1]\n", "It is no record."),
        ("publishers.ndjson", b'{"type": "publisher", "name": "A", "role": "King"}\n', "role"),
        ("publishers.ndjson", b'{"name": "A", "name": "B"}\n', "name: It stands there twice."),
        ("taken-down.txt", b"not a hash\n", "info_hash"),
        ("resources/x.ndjson", b"\xff\xfe\n", ""),
        ("resources/x.ndjson", b'{"type": "resource", "publisher": "Nobody"}\n', "publisher: nobody"),
        ("resources/x.ndjson", b"[" * 100_000 + b"\n", ""),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_refused_and_the_rest_comes_in(folder, name, body, reason):
    path = folder / name
    path.write_bytes((path.read_bytes() if path.exists() else b"") + body)

    told = take_in(folder)

    assert (told["refused"], told["created"]) == (1, 1)
    assert any(name in line and reason in line for line in told.lines), told.lines


def test_a_folder_that_was_cut_off_is_told(folder):
    month(folder).unlink()

    assert "was cut off" in take_in(folder).error


@pytest.mark.parametrize("version", [2, None, "1"])
def test_another_version_is_refused(folder, version):
    told = json.loads((folder / "catalog.json").read_text())
    (folder / "catalog.json").write_text(json.dumps(told | {"version": version}))

    assert "reads version 1" in take_in(folder).error


@pytest.mark.parametrize("name", ["publishers.ndjson", "resources"])
def test_no_symbolic_link_is_followed(folder, tmp_path_factory, name):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / name
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)

    assert "is a symbolic link" in take_in(folder).error
    assert not Resource.objects.exists()


def test_a_folder_without_a_header_is_one_of_torrents(folder):
    (folder / "catalog.json").write_text("{}")

    assert take_in(folder)["created"] == 0
