from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from builds.data.taxonomy import Taxonomy
from builds.engine import entry_rows
from builds.engine import sync as syncing
from builds.engine.entry_rows import CHECKED_AGAIN
from builds.engine.sync import sync
from builds.listings.repagination import repaginate
from builds.models import BuildState, Due, EntryRow, Listing, ListingEntry
from builds.run import Progress
from ghost.core.catalog.models import Catalog, Change
from ghost.core.text.reasons import words
from resources.models import Category, DhtStatus, Resource, findings
from resources.torrents import metadata
from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def due() -> set[str]:
    return set(Due.objects.values_list("owner", flat=True))


def built() -> BuildState:
    """The tables as a build leaves them: nothing is due."""
    state = sync(Progress(), everything=False)
    Due.objects.all().delete()
    Change.objects.filter(revision__lte=state.synced_revision).delete()
    return state


def facts(row: Resource):
    return EntryRow.objects.get(pk=row.pk).entry


def placed() -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Page and entry of each place."""
    return {
        (row.kind, row.key): list(
            row.entries.order_by("page__number", "at", "entry_id").values_list(
                "page__number", "entry_id"
            )
        )
        for row in Listing.objects.order_by("kind", "key")
    }


@pytest.fixture
def between(monkeypatch):
    """`between(operation)`: do it once, after the rows of the first batch were read."""

    def come(operation):
        done: list[Any] = []
        real = entry_rows.rows_of

        def rows_of(ids):
            found = real(ids)
            if not done:
                done.append(operation())
            return found

        monkeypatch.setattr(entry_rows, "rows_of", rows_of)

    return come


# -- from nothing


def test_the_first_look_takes_all_that_is_public():
    row = make.resource(title="Shown", tags=["a"])
    make.resource(is_probed=False)
    make.resource(published_at=None)
    make.resource().take_down(reason="asked", by="test")

    state = sync(Progress(), everything=False)

    assert [entry.entry.title for entry in EntryRow.objects.all()] == ["Shown"]
    assert placed() == {
        ("all", ""): [(1, row.pk)],
        ("category", str(row.category_id)): [(1, row.pk)],
        ("month", present(row.published_at).strftime("%Y-%m")): [(1, row.pk)],
        ("publisher", str(row.publisher_id)): [(1, row.pk)],
        ("tag", "a"): [(1, row.pk)],
    }
    assert (state.synced_revision, state.token) == (Catalog.get().revision, "")
    assert state.generated_at == Catalog.get().changed_at


def test_an_empty_catalog_has_a_list_of_all():
    sync(Progress(), everything=False)

    assert placed() == {("all", ""): []}


def test_the_second_look_finds_nothing_new():
    make.resource()
    before = built()

    after = sync(Progress(), everything=True)

    assert due() == set()
    assert after.generated_at == before.generated_at


def test_facts_are_what_the_row_says():
    owner = make.publisher()
    row = make.resource(
        title="A film", tags=["Film", "Öl"], publisher=owner, team=make.team(owner),
        category=make.category("Films"),
    )  # fmt: skip

    sync(Progress(), everything=False)

    row.refresh_from_db()
    shown = facts(row)
    assert (shown.title, shown.tags, shown.category) == ("A film", ("Film", "Öl"), row.category_id)
    assert (shown.publisher, shown.team) == (row.publisher_id, row.team_id)
    assert (shown.hash, shown.hash_v1, shown.hash_v2) == (row.magnet_hash, row.magnet_hash, None)
    assert (shown.magnet, shown.summary) == (row.published_magnet_uri, "Some words.")
    assert (shown.size_bytes, shown.file_count) == (3_000_000, 2)
    assert shown.published_at == present(row.published_at).isoformat()
    assert shown.checked_at == present(row.last_dht_check).isoformat()


# -- a few


def test_an_edit_makes_due_what_shows_it_and_nothing_else():
    row, other = make.resource(tags=["a"]), make.resource(tags=["b"])
    built()
    row.title = "Another"
    row.store()

    sync(Progress(), everything=False)

    mine = {
        f"{'page'}/{place.listing_id}/{place.page.number}"
        for place in ListingEntry.objects.filter(entry_id=row.pk)
    }
    feeds = {
        f"feed/{place.listing_id}"
        for place in ListingEntry.objects.filter(entry_id=row.pk).exclude(listing__kind="month")
    }
    assert due() == mine | feeds | {f"entry/{row.pk}", f"search/{row.pk}", "site"}
    assert f"page/{Listing.objects.get(kind='tag', key='b').pk}/1" not in due()
    assert facts(row).title == "Another"
    assert facts(other).title == other.title


def test_what_a_resource_was_stays_noted_until_it_is_built():
    row = make.resource(title="First")
    built()
    for title in ("Second", "Third"):
        row.title = title
        row.store()
        sync(Progress(), everything=False)

    (before,) = Due.objects.filter(owner=f"search/{row.pk}").values_list("before", flat=True)

    assert "First" in before["row"]


def test_a_resource_deleted_between_builds_leaves_the_tables():
    row, kept = make.resource(), make.resource()
    built()
    row.take_down(reason="asked", by="test")
    Resource.objects.filter(pk=row.pk).delete()

    sync(Progress(), everything=False)

    assert [entry.pk for entry in EntryRow.objects.all()] == [kept.pk]
    assert not ListingEntry.objects.filter(entry_id=row.pk).exists()
    assert {f"entry/{row.pk}", f"search/{row.pk}"} <= due()


def test_a_resource_that_came_and_went_between_builds_is_no_news():
    make.resource()
    before = built()
    make.resource().take_down(reason="asked", by="test")

    after = sync(Progress(), everything=False)

    assert (due(), after.generated_at) == (set(), before.generated_at)
    assert after.synced_revision == Catalog.get().revision


def test_a_resource_whose_hour_comes_is_synced_though_nobody_noted_it():
    """Whoever builds another change in that minute takes it along, and moves the clock on."""
    late = make.resource(published_at=timezone.now() + timedelta(days=1))
    built()
    moment = timezone.now()
    BuildState.objects.update(synced_as_of=moment - timedelta(hours=2))
    Resource.objects.filter(pk=late.pk).update(published_at=moment - timedelta(hours=1))
    make.resource()

    state = sync(Progress(), everything=False)

    assert EntryRow.objects.filter(pk=late.pk).exists()
    assert present(state.synced_as_of) >= moment


def test_a_change_that_comes_while_rows_are_read_is_taken_by_the_next_look(between):
    first, second = make.resource(title="First"), make.resource(title="Second")
    built()
    first.title = "First, edited"
    first.store()

    def edit():
        second.title = "Second, edited"
        second.store()

    between(edit)
    sync(Progress(), everything=False)
    sync(Progress(), everything=False)

    assert [facts(row).title for row in (first, second)] == ["First, edited", "Second, edited"]


@pytest.mark.parametrize("look", [1, 2, 3])
@pytest.mark.parametrize("everything", [False, True])
def test_a_change_that_comes_after_a_look_at_the_log_is_not_lost(monkeypatch, everything, look):
    first, second = make.resource(title="First"), make.resource(title="Second")
    built()
    monkeypatch.setattr(syncing, "BATCH", 1)
    first.title = "First, edited"
    first.store()
    looks: list[Any] = []
    real = syncing._changed_ids

    def news(state):
        found = real(state)
        looks.append(found)
        if len(looks) == look:
            second.title = "Second, edited"
            second.store()
        return found

    monkeypatch.setattr(syncing, "_changed_ids", news)
    sync(Progress(), everything=everything)
    sync(Progress(), everything=False)

    assert [facts(row).title for row in (first, second)] == ["First, edited", "Second, edited"]


def test_a_change_that_comes_while_everything_is_compared_is_not_lost(monkeypatch, between):
    first, second = make.resource(title="First"), make.resource(title="Second")
    built()
    monkeypatch.setattr(syncing, "BATCH", 1)

    def edit():  # what was compared already, and what nobody has seen yet
        first.title = "First, edited"
        first.store()
        second.title = "Second, edited"
        second.store()
        make.resource(title="Third")

    between(edit)
    sync(Progress(), everything=True)

    titles = [entry.entry.title for entry in EntryRow.objects.order_by("id")]
    assert titles == ["First, edited", "Second, edited", "Third"]


def test_after_a_clock_that_ran_ahead_nobodys_hour_is_passed_over():
    late = make.resource(published_at=timezone.now() + timedelta(days=1))
    built()
    BuildState.objects.update(synced_as_of=timezone.now() + timedelta(days=2))
    Resource.objects.filter(pk=late.pk).update(published_at=timezone.now())

    state = sync(Progress(), everything=False)

    assert EntryRow.objects.filter(pk=late.pk).exists()
    assert present(state.synced_as_of) <= timezone.now()


# -- soft facts


def check(row: Resource, ago: timedelta, status=DhtStatus.ACTIVE, misses: int = 0) -> None:
    """Looked up so long after it was last shown."""
    moment = timezone.now() + ago
    Resource.objects.filter(pk=row.pk).update(
        dht_status=status, dht_misses=misses, last_dht_check=moment
    )
    Catalog.advance(words("test"), [row.pk])


def test_a_check_alone_changes_no_page():
    row = make.resource()
    before = built()
    shown = facts(row).checked_at
    check(row, CHECKED_AGAIN - timedelta(hours=1), misses=3)

    after = sync(Progress(), everything=False)

    assert (due(), facts(row).checked_at) == (set(), shown)
    assert after.generated_at == before.generated_at


def test_a_check_is_shown_with_what_else_changes():
    row = make.resource()
    built()
    check(row, timedelta(hours=1), status=DhtStatus.STALE, misses=3)

    sync(Progress(), everything=False)

    row.refresh_from_db()
    shown = facts(row)
    assert shown.dht_status == "Stale"
    assert shown.checked_at == present(row.last_dht_check).isoformat()
    entry = EntryRow.objects.get(pk=row.pk)
    assert entry.dht_status == "Stale"


def test_a_check_that_is_far_behind_is_shown_anew():
    row = make.resource()
    built()
    check(row, CHECKED_AGAIN + timedelta(minutes=1))

    sync(Progress(), everything=False)

    row.refresh_from_db()
    assert facts(row).checked_at == present(row.last_dht_check).isoformat()
    assert f"entry/{row.pk}" in due()


def test_the_first_check_is_shown():
    row = make.resource(is_probed=False)
    Resource.objects.filter(pk=row.pk).skip_probe()
    built()
    assert facts(row).checked_at is None
    check(row, timedelta(0), status=DhtStatus.UNKNOWN)

    sync(Progress(), everything=False)

    assert facts(row).checked_at is not None


# -- names


def renamed(kind: str, key: object, number: int = 1) -> set[str]:
    listing = Listing.objects.get(kind=kind, key=str(key))
    return {f"page/{listing.pk}/{number}", f"feed/{listing.pk}", "sitemap/lists"}


def test_a_publisher_with_another_name_makes_all_its_resources_due():
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")
    hers, his = make.resource(publisher=ada), make.resource(publisher=bob)
    built()
    renaming = Token.objects.get(pk=ada.pk)
    renaming.display_name = "Ada Lovelace"
    renaming.store()

    state = sync(Progress(), everything=False)

    assert renamed("publisher", ada.pk) | {f"entry/{hers.pk}", f"search/{hers.pk}"} <= due()
    assert f"entry/{his.pk}" not in due()
    assert state.taxonomy["publishers"][0] == [ada.pk, "Ada Lovelace", "ada-lovelace"]


def test_a_publisher_who_gets_the_bare_slug_is_another_one_too():
    first, second = make.publisher(name="Ada"), make.publisher(name="Ada ★")
    rows = [make.resource(publisher=who) for who in (first, second)]
    built()
    renaming = Token.objects.get(pk=first.pk)
    renaming.display_name = "Bob"
    renaming.store()

    sync(Progress(), everything=False)

    assert {f"entry/{row.pk}" for row in rows} <= due()
    assert renamed("publisher", second.pk) <= due()


def test_a_team_with_another_name_makes_its_resources_due():
    owner = make.publisher()
    team = make.team(owner)
    row, other = make.resource(publisher=owner, team=team), make.resource(publisher=owner)
    built()
    team.name = "Restorers"
    team.store()

    sync(Progress(), everything=False)

    assert renamed("team", team.pk) | {f"entry/{row.pk}"} <= due()
    assert f"entry/{other.pk}" not in due()


def test_a_category_with_another_name_changes_all_below_it_and_its_parent():
    root = make.category("Archive")
    films = make.category("Films", parent=root)
    silent = make.category("Silent", parent=films)
    above, below = make.resource(category=root), make.resource(category=silent)
    built()
    films.name, films.slug = "Cinema", ""
    films.store()

    sync(Progress(), everything=False)

    assert renamed("category", films.pk) | renamed("category", silent.pk) <= due()
    assert {
        f"entry/{below.pk}",
        f"page/{Listing.objects.get(kind='category', key=root.pk).pk}/1",
    } <= due()
    assert f"entry/{above.pk}" not in due()


def test_a_category_that_moves_takes_its_resources_along():
    old, new = make.category("Old"), make.category("New")
    films = make.category("Films", parent=old)
    row = make.resource(category=films)
    built()
    films.parent = new
    films.store()

    sync(Progress(), everything=False)

    counts = {x.key: x.count for x in Listing.objects.filter(kind="category")}
    assert counts == {str(old.pk): 0, str(new.pk): 1, str(films.pk): 1}
    assert ListingEntry.objects.filter(entry_id=row.pk, listing__key=str(new.pk)).exists()


def test_a_new_category_and_one_that_is_gone_have_pages_made_and_removed():
    gone = make.category("Gone")
    make.resource(category=make.category("Films"))
    built()
    page = f"page/{Listing.objects.get(kind='category', key=gone.pk).pk}/1"
    gone.discard()
    come = make.category("Come")

    sync(Progress(), everything=False)

    keys = set(Listing.objects.filter(kind="category").values_list("key", flat=True))
    assert keys == {str(come.pk), str(Category.objects.get(slug="films").pk)}
    assert {page, "site", "sitemap/lists"} | renamed("category", come.pk) <= due()


def test_a_category_in_another_order_is_news():
    films = make.category("Films")
    make.resource(category=films)
    built()
    films.sort_order = 5
    films.store()

    sync(Progress(), everything=False)

    assert "site" in due()


# -- everything at once


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr(syncing, "MASS", 2)
    monkeypatch.setattr(syncing, "BATCH", 2)


def compare_with_all_anew() -> None:
    """Entries of every listing are those that laying everything anew gives."""
    now = {key: sorted(pk for _, pk in pages) for key, pages in placed().items()}
    counts = {(row.kind, row.key): (row.count, row.spellings) for row in Listing.objects.all()}
    repaginate(Taxonomy.from_json(BuildState.get().taxonomy), Progress())
    assert now == {key: sorted(pk for _, pk in pages) for key, pages in placed().items()}
    assert counts == {
        (row.kind, row.key): (row.count, row.spellings) for row in Listing.objects.all()
    }


def test_many_changes_are_synced_at_once_and_give_the_token_up(few_are_many):
    rows = [make.resource(title=f"Old {number}", tags=["a"]) for number in range(5)]
    built()
    BuildState.objects.update(token="trusted")
    for row in rows[:3]:
        row.title = row.title.replace("Old", "New")
        row.store()
    rows[4].take_down(reason="asked", by="test")

    state = sync(Progress(), everything=False)

    assert [entry.entry.title for entry in EntryRow.objects.order_by("id")] == [
        "New 0", "New 1", "New 2", "Old 3",
    ]  # fmt: skip
    assert (state.token, BuildState.get().token) == ("", "")
    assert state.synced_revision == Catalog.get().revision
    compare_with_all_anew()


def test_what_is_synced_anew_is_placed_anew(monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 3)
    rows = [make.resource() for _ in range(9)]
    built()
    for row in rows[3:6]:
        row.take_down(reason="asked", by="test")
    built()
    BuildState.objects.update(token="trusted")
    assert Listing.objects.get(kind="all").gaps == [2]

    state = sync(Progress(), everything=True, anew=True)

    assert Listing.objects.get(kind="all").gaps == []
    assert (state.token, BuildState.get().token) == ("", "")


def test_a_few_changes_keep_the_token(few_are_many):
    row, _, _ = (make.resource() for _ in range(3))
    built()
    BuildState.objects.update(token="trusted")
    row.title = "Another"
    row.store()

    state = sync(Progress(), everything=False)

    assert (state.token, BuildState.get().token) == ("trusted", "trusted")


def test_a_name_that_many_show_gives_the_token_up(few_are_many):
    films = make.category("Films")
    rows = [make.resource(category=films, tags=["a"]) for _ in range(4)]
    built()
    BuildState.objects.update(token="trusted")
    films.name = "Cinema"
    films.store()
    rows[0].title = "Another"
    rows[0].store()

    state = sync(Progress(), everything=False)

    assert (state.token, BuildState.get().token) == ("", "")
    assert state.taxonomy["categories"][0][1] == "Cinema"
    assert facts(rows[0]).title == "Another"
    compare_with_all_anew()


def test_what_changes_while_everything_is_synced_is_synced_too(few_are_many, between):
    films, maps = make.category("Films"), make.category("Maps")
    rows = [make.resource(title=f"Old {number}", category=films, tags=["a"]) for number in range(5)]

    def come():
        somebody = make.publisher(name="Somebody new")
        team = make.team(somebody)
        rows[0].title = "Edited when it was read"
        rows[0].store()
        rows[1].take_down(reason="asked", by="test")
        rows[3].category, rows[3].tags = make.category("New", parent=maps), ["b"]
        rows[3].store()
        rows[4].publisher, rows[4].team = somebody, team
        rows[4].store()
        make.resource(title="Come", category=make.category("Newer"), publisher=somebody)

    between(come)
    state = sync(Progress(), everything=False)

    assert [entry.entry.title for entry in EntryRow.objects.order_by("id")] == [
        "Edited when it was read", "Old 2", "Old 3", "Old 4", "Come",
    ]  # fmt: skip
    assert state.synced_revision == Catalog.get().revision
    assert all(Taxonomy.from_json(state.taxonomy).includes(e.entry) for e in EntryRow.objects.all())
    compare_with_all_anew()


def test_a_category_emptied_and_deleted_while_everything_is_synced_is_gone(few_are_many, between):
    films, maps = make.category("Films"), make.category("Maps")
    rows = [make.resource(category=films) for _ in range(5)]

    def go():
        for row in rows:
            row.category = maps
            row.store()
        films.discard()

    between(go)
    sync(Progress(), everything=False)

    assert [x.key for x in Listing.objects.filter(kind="category")] == [str(maps.pk)]
    compare_with_all_anew()


@pytest.mark.parametrize("function", ["_put", "repaginate", "_save"])
def test_places_half_made_are_made_again(few_are_many, monkeypatch, function):
    """Whoever dies between the steps leaves tables that nobody may go by."""
    films = make.category("Films")
    rows = [make.resource(category=films, tags=["a"]) for _ in range(4)]
    built()
    films.name = "Cinema"
    films.store()

    def die(*args, **kwargs):
        ListingEntry.objects.filter(entry_id=rows[0].pk).delete()
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(syncing, function, die)
        with pytest.raises(RuntimeError):
            sync(Progress(), everything=False)

    sync(Progress(), everything=False)

    assert BuildState.get().token == ""
    assert {pk for _, pk in placed()["tag", "a"]} == {row.pk for row in rows}
    compare_with_all_anew()


def test_a_sync_that_fails_in_the_middle_is_taken_up_again(monkeypatch):
    make.resource(title="Old")
    built()
    monkeypatch.setattr(syncing, "FIRST_PART_ENTRIES", 1)
    somebody = make.publisher(name="Somebody new")
    rows = [
        make.resource(category=make.category(), publisher=somebody, title=f"New {n}")
        for n in range(3)
    ]
    done: list[Any] = []
    real = syncing._ChangedEntries.write

    def write(self, ids, progress):
        if done:
            raise RuntimeError
        done.append(real(self, ids, progress))

    with monkeypatch.context() as patch:
        patch.setattr(syncing._ChangedEntries, "write", write)
        with pytest.raises(RuntimeError):
            sync(Progress(), everything=False)
    assert BuildState.get().pending_changes

    state = sync(Progress(), everything=False)

    assert EntryRow.objects.count() == 4
    assert {f"{kind}/{row.pk}" for row in rows for kind in ("entry", "search")} <= due()
    assert state.synced_revision == Catalog.get().revision
    compare_with_all_anew()


# -- what an entry is made from


def test_a_body_is_made_anew_only_from_another_source(monkeypatch):
    row = make.resource(content_markdown="Some *words*.")
    made = []
    real = entry_rows._make_content

    def make_content(resource, *args, **options):
        made.append(resource.pk)
        return real(resource, *args, **options)

    monkeypatch.setattr(entry_rows, "_make_content", make_content)
    built()
    row.title = "Another"
    row.store()
    built()
    sync(Progress(), everything=True)
    assert made == [row.pk]

    row.content_markdown = "Other *words*."
    row.store()
    sync(Progress(), everything=False)

    assert made == [row.pk, row.pk]
    assert facts(row).summary == "Other words."


def test_another_renderer_makes_all_bodies_anew(monkeypatch):
    row = make.resource()
    built()
    monkeypatch.setattr("builds.data.body._renderer", lambda: b"another")

    sync(Progress(), everything=True)

    assert {f"entry/{row.pk}", f"search/{row.pk}"} <= due()


def test_a_new_probe_makes_the_tree_anew():
    row = make.resource()
    built()
    found = make.torrent_metadata(row.magnet_hash, files=(metadata.File("other.iso", 3_000_000),))
    findings.record_metadata(row, found)

    sync(Progress(), everything=False)

    assert facts(row).files_summary == found.files_tree_summary
    assert f"entry/{row.pk}" in due()


def test_a_held_one_that_finds_its_seeders_late_comes_after_all_others():
    held = make.resource(is_probed=False, published_at=timezone.now() - timedelta(days=30))
    other = make.resource()
    built()
    findings.record_metadata(held, make.torrent_metadata(held.magnet_hash))

    sync(Progress(), everything=False)

    everything = ListingEntry.objects.filter(listing__kind=Listing.Kind.ALL).order_by("at")
    assert list(everything.values_list("entry_id", flat=True)) == [other.pk, held.pk]


def test_a_scan_of_everything_that_changes_no_hard_fact_makes_no_page_due():
    rows = [make.resource() for _ in range(5)]
    for _ in range(2):
        make.checked(Resource.objects.all(), DhtStatus.ACTIVE, seeds=4, peers=7)
    built()
    before = Catalog.get().revision

    make.checked(Resource.objects.all(), DhtStatus.ACTIVE, seeds=9, peers=30)
    sync(Progress(), everything=False)

    assert (Catalog.get().revision, due()) == (before, set())
    assert {facts(row).peers for row in rows} == {7}


def test_another_band_makes_due_what_shows_it():
    row = make.resource()
    make.resource()
    for _ in range(2):
        make.checked(Resource.objects.all(), DhtStatus.ACTIVE, seeds=4)
    built()

    for _ in range(2):
        make.checked(row.alone(), DhtStatus.ACTIVE, seeds=60)
    sync(Progress(), everything=False)

    assert facts(row).seeds_band == "50-199"
    assert {owner for owner in due() if owner.startswith("entry/")} == {f"entry/{row.pk}"}
