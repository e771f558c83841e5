"""What the folder holds, and what it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from resources.models import Block, Category, Resource
from teams.models import Token
from tests import make
from tests.resources.exchange.text_folder.folders import write
from tests.resources.exchanges import fill, take_in, wipe

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog(tmp_path):
    fill(tmp_path / "seeds")


def lines(told, name="resources/"):
    return [
        json.loads(line)
        for file in told
        if file.startswith(name)
        for line in told[file].splitlines()
    ]


def test_there_and_back_gives_the_same_text(catalog, tmp_path):
    """What it holds: everything that is public but health, and pieces' hashes."""
    before = write(tmp_path / "a")
    rows = Resource.objects.public().order_by("pk")
    kept = (
        "pk", "title", "magnet_hash", "magnet_uri", "content_markdown", "tags", "licence",
        "source_url", "checksums", "category__slug", "publisher__display_name", "team__name",
        "created_at", "updated_at", "published_at", "became_public_at", "probe_status",
        "total_size_bytes", "file_count", "torrent_name", "other_hash",
    )  # fmt: skip
    was = list(rows.values_list(*kept))
    wipe()

    told = take_in(tmp_path / "a")

    assert (told.error, told["created"], told["refused"]) == ("", len(was), 0)
    assert list(Resource.objects.public().order_by("pk").values_list(*kept)) == was
    assert write(tmp_path / "b") == before
    assert [t.is_inert for t in Token.objects.all()] == [True] * Token.objects.count()


def test_the_same_catalog_gives_the_same_text(catalog, tmp_path):
    assert write(tmp_path / "a") == write(tmp_path / "b")


def test_what_is_not_public_is_in_no_file(catalog, tmp_path):
    public = set(Resource.objects.public().values_list("pk", flat=True))
    others = Resource.objects.exclude(pk__in=public)
    hidden = set(others.values_list("magnet_hash", flat=True)) - set(
        Block.objects.of_takedowns().values_list("info_hash", flat=True)
    )
    private = {
        "covers.example", "Not theirs.", "Stays.", "Never.", "olga", "=first", "cd" * 32, *hidden,
        *Token.objects.values_list("token_hash", flat=True),
        *Token.objects.values_list("prefix", flat=True),
    }  # fmt: skip

    told = "\n".join(write(tmp_path).values())

    assert {each["id"] for each in lines(write(tmp_path))} == public
    assert [each for each in private if each and each in told] == []


def test_what_was_taken_down_is_there_by_its_hash_alone(tmp_path):
    row = make.resource(title="Quite unusual", content_markdown="Word for word")
    other = make.resource(
        title="Another", content_markdown=f"See {row.magnet_hash} for more.",
        source_url=f"https://a.example/{row.magnet_hash}",
        checksums=[{"algorithm": "sha1", "value": row.magnet_hash}],
    )  # fmt: skip
    row.take_down(reason="Asked.", by="olga")

    told = write(tmp_path)

    assert told.pop("taken-down.txt") == f"{row.magnet_hash}\n"
    rest = "\n".join(told.values())
    assert [
        each for each in (row.magnet_hash, "Quite unusual", "Word", "Asked") if each in rest
    ] == []
    (kept,) = lines(told)
    assert (kept["id"], kept["content_markdown"]) == (other.pk, "See … for more.")
    wipe()
    assert take_in(tmp_path).error == ""
    assert Block.objects.of_takedowns().get().info_hash == row.magnet_hash


def test_resources_lie_by_the_month_in_which_they_were_made_and_a_change_is_one_line(tmp_path):
    old, new = make.resource(title="Old"), make.resource(title="New")
    Resource.objects.filter(pk=old.pk).update(created_at=datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    Resource.objects.filter(pk=new.pk).update(created_at=datetime(2026, 2, 1, 0, 0, tzinfo=UTC))
    before = write(tmp_path)
    new.refresh_from_db()
    new.title = "Newer"
    new.store()

    after = write(tmp_path)

    assert {name for name in before if name.startswith("resources/")} == {
        "resources/2026-01.ndjson", "resources/2026-02.ndjson",
    }  # fmt: skip
    assert [name for name in after if after[name] != before[name]] == ["resources/2026-02.ndjson"]
    assert list(lines(after, "resources/2026-02")[0])[:4] == ["type", "id", "title", "magnet_uri"]


def test_an_empty_catalog_is_a_folder_all_the_same(tmp_path):
    told = write(tmp_path)

    assert json.loads(told["catalog.json"])["counts"] == {
        "publisher": 0, "team": 0, "category": 0, "block": 0, "resource": 0,
    }  # fmt: skip
    assert take_in(tmp_path).error == ""


def test_three_hundred_cost_as_many_queries_as_one(tmp_path):
    category = make.category("Films")
    make.resource(category=category)

    def count():
        with CaptureQueriesContext(
            connection,
        ) as found:
            write(tmp_path)
        return len(found)

    one = count()
    for _ in range(5):
        make.resource(category=category)

    assert count() == one
    assert Category.objects.count() == 1
