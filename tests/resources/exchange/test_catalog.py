"""The catalog goes out and comes in, and is the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.models import Block, Category, Resource, findings
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


NASTY = [
    "Films/Old", "Films", "Old", "films-old", "AC/DC", "/films", "con", "NUL", "x-con", "Café", "Cafe\u0301", "CAFÉ", "Cafe",
    "カナ", "かな", "می\u200cخواهم", "a\u200bb", "ab", "\u2800x", "/", "=1+1", "'a", "+x", "[a", "a|b", "#1", "C", "C++",
    "\U0003fff0", "\ue000", "\U00016ea0", "ﷺ", "...", "۩", "\u2068x\u2069", "Ⅳ", "ß", "SS", "x\u0301\u0323", "\u0345α",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=8))


def test_whatever_the_gates_accept_comes_back_as_it_was_and_where_it_was(tmp_path):
    @settings(max_examples=15, deadline=None, derandomize=True)
    @given(
        st.lists(st.tuples(TEXTS, TEXTS, st.lists(TEXTS, max_size=3)), min_size=1, max_size=5),
        st.randoms(),
    )
    def holds(texts, chance):
        with transaction.atomic():
            _publish(texts, chance)
            before, ndjson = _contents(), bring_out(tmp_path / "a.ndjson")
            table = bring_out(tmp_path / "a.csv")

            _drop_resources()
            told = take_in(tmp_path / "a.csv")
            assert (told["refused"], _contents()) == (0, before), (told.lines, table.decode())

            wipe()
            told = take_in(tmp_path / "a.ndjson", "--activate-tokens")
            assert (told["refused"], told["mended"], _contents()) == (0, 0, before), told.lines
            transaction.set_rollback(True)
        assert ndjson

    holds()


def _publish(texts, chance):
    places: list[Category | None] = [None]
    for name, title, tags in texts:
        row = Category(name=name.replace("\0", ""), parent=chance.choice(places))
        try:
            with transaction.atomic():
                row.store()
        except ValidationError:
            row = chance.choice(places) or make.category()
        places.append(row)
        with suppress(ValidationError):
            tags = [tag.replace("\0", "") for tag in tags]
            body = title.replace("\0", "")
            make.resource(
                title=body, content_markdown=body, tags=tags, category=row, is_probed=False
            )


def _drop_resources():
    Resource.objects.all().delete()
    Block.objects.all().delete()


def _contents():
    """Of each torrent, the texts and where it lies."""
    paths = {place.category.pk: (place.path, place.names) for place in Category.objects.tree()}
    return {
        row.magnet_hash: (row.title, row.content_markdown, row.tags, paths[row.category_id])
        for row in Resource.objects.all()
    }


def test_a_slug_of_other_rules_comes_in_with_its_own_and_not_into_anothers_category(tmp_path):
    """`con` was a slug once, and so was `x-con`."""
    for name, slug in (("Con", "con"), ("X Con", "x-con")):
        row = make.category(name, slug=f"old-{slug}")
        Category.objects.filter(pk=row.pk).update(slug=slug)
        make.resource(title=name, category=row, is_probed=False)
    bring_out(tmp_path / "a.ndjson")
    wipe()

    told = take_in(tmp_path / "a.ndjson", "--activate-tokens")

    assert (told["refused"], told["mended"]) == (0, 2)
    assert {row.title: row.category.name for row in Resource.objects.all()} == {
        "Con": "Con",
        "X Con": "X Con",
    }
    assert set(Category.objects.values_list("slug", flat=True)) == {"x-con", "x-con-2"}


def test_a_category_of_another_name_at_the_same_path_is_told(tmp_path):
    make.resource(category=make.category("Movies"), is_probed=False)
    bring_out(tmp_path / "a.ndjson")
    wipe()
    make.category("Films", slug="movies")

    told = take_in(tmp_path / "a.ndjson")

    assert told["mended"] == 1
    assert "“Movies” is here already, as “Films” (/movies)." in "\n".join(told.lines)
