"""The catalog goes out and comes in, and is the same."""

from __future__ import annotations

import pytest

from resources.models import Resource, findings
from tests import make
from tests.presence import present
from tests.resources.catalog_files import ALL, records_in
from tests.resources.exchanges import bring_out, run, take_in, wipe

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("suffix", ["ndjson", "json"])
def test_there_and_back_gives_the_same_bytes(catalog, tmp_path, suffix):
    path, again = tmp_path / f"catalog.{suffix}", tmp_path / f"again.{suffix}"
    before = bring_out(path)
    wipe()

    told = take_in(path)

    assert (told.error, told["created"], told["refused"]) == ("", ALL, 0)
    assert bring_out(again) == before


def test_the_same_catalog_gives_the_same_bytes(catalog, tmp_path):
    assert bring_out(tmp_path / "a.ndjson") == bring_out(tmp_path / "b.ndjson")


def test_the_header_counts_what_comes(written):
    header, *lines = records_in(written)

    counts = dict.fromkeys(("publisher", "team", "category", "block", "resource"), 0)
    for line in lines:
        counts[line["type"]] += 1
    assert header == {"format": "ghost-catalog", "version": 1, "counts": counts}


def test_without_tokens_publishers_travel_by_name(catalog, tmp_path):
    path = tmp_path / "a.ndjson"

    bring_out(path, "--without-tokens")

    people = [each for each in records_in(path) if each.get("type") == "publisher"]
    assert {each["name"] for each in people} >= {"Ada", "Ben 公共"}
    private = ("token_hash", "old_hash", "prefix", "note", "created_at", "last_used_at")
    assert [each for each in people if any(each[name] for name in private)] == []


def test_a_state_brings_only_what_it_refers_to(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    make.resource(title="Elsewhere", category=make.category("Unused"), is_probed=False)

    bring_out(path, "--state", "taken_down")

    header, *lines = records_in(path)
    assert header["counts"] == {"publisher": 1, "team": 0, "category": 3, "block": 0, "resource": 1}
    assert lines[-1]["takedown_reason"] == "Not theirs."


def test_a_category_brings_what_lies_below_it(catalog, tmp_path):
    path = tmp_path / "a.ndjson"

    bring_out(path, "--category", "parent-made-later/films/旧片")

    assert records_in(path)[0]["counts"]["resource"] == ALL - 1


def test_a_member_brings_its_team_and_its_owner(catalog, tmp_path):
    path = tmp_path / "a.ndjson"
    other = make.category("Other")
    Resource.objects.filter(team__isnull=False).update(category=other)

    bring_out(path, "--category", "other")
    wipe()

    assert take_in(path).error == ""
    row = Resource.objects.get()
    assert (row.publisher.display_name, present(row.team).owner.display_name) == ("Mia", "Ada")


def test_an_unknown_category_is_told(catalog, tmp_path):
    told = run("export_catalog", tmp_path / "a.ndjson", "--category", "nowhere")

    assert "There is no category “nowhere”" in told.error
    assert list(tmp_path.glob("a.ndjson")) == []


def test_uploaded_covers_stay_behind_and_are_counted(tmp_path):
    row = make.resource(cover_image_url="https://covers.example/a.png")
    findings.record_cover(row, "assets/covers/x.webp", is_by_hand=True)
    path = tmp_path / "a.ndjson"

    told = run("export_catalog", path)

    assert told["uploaded_covers_left_out"] == 1
    wipe()
    take_in(path)
    assert Resource.objects.due_for_cover().get().cover_uploaded_at is None


@pytest.mark.parametrize("count", [1, 40])
def test_an_export_asks_the_same_few_questions(django_assert_max_num_queries, tmp_path, count):
    for _ in range(count):
        make.resource()

    with django_assert_max_num_queries(20):
        bring_out(tmp_path / "a.ndjson")
