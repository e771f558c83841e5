"""What was taken down is off the standing site, whatever that is and whatever is being built."""

from __future__ import annotations

import base64
import shutil
from typing import Any

import pytest

from builds import tasks
from builds.engine import rollback, takedowns
from builds.models import (
    Build,
    BuildState,
    Due,
    EntryRow,
    Listing,
    ListingEntry,
    ListingPage,
    Output,
)
from builds.render import hugo
from builds.tree import patches, releases
from resources.models import Resource
from tests import make
from tests.builds.catalog import Catalog, work
from tests.builds.faults import Place, broken, differing, some, tree
from tests.presence import present

pytestmark = pytest.mark.django_db
Tree = dict[str, bytes]


@pytest.fixture
def catalog(configure, monkeypatch):
    """Lists of several pages in two languages, and a work whose neighbours name it."""
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 2)
    configure(site_languages=("en", "zh-hans"), build_debounce_s=0)
    return filled()


def filled() -> Resource:
    """A work that has everything, newest but one, and replaces and is replaced."""
    catalog = Catalog.fill()
    about: dict[str, Any] = {
        "category": catalog.films,
        "publisher": catalog.ada,
        "cover": "#112233",
    }
    doomed = work("Zqdoomed 独一", tags=["film", "Öl", "a/b?c#d"], supersedes=catalog.gone, **about)
    work("Heir", tags=["film"], supersedes=doomed, **about)
    Resource.objects.filter(pk=doomed.pk).update(dht_status="Stale", dht_misses=9)
    doomed.refresh_from_db()
    return doomed


def public() -> Tree:
    return tree(releases.public())


def traces(row: Resource, found: Tree | None = None) -> list[str]:
    """Files of the public tree that name it: its address, hashes, title or key."""
    words = [
        f"resources/{row.pk}/",
        f"covers/{row.pk}.",
        f"covers/{row.pk}-",
        "zqdoomed",
        "Zqdoomed",
    ]
    words += [f'"id":{row.pk},', f"[{row.pk},", *row.hashes, row.hashes[0].upper()]
    words += [base64.b32encode(bytes.fromhex(each)).decode() for each in row.hashes]
    wanted = [word.encode() for word in words]
    site = public() if found is None else found
    return sorted(
        path
        for path, body in site.items()
        if any(word in body or word in path.encode() for word in wanted)
    )


def take_down(row: Resource) -> None:
    row.alone().take_down(reason="asked", by="test")


def full() -> Tree:
    """What a full build makes of the catalog now."""
    tasks.build_now("test", force=True)
    return public()


def test_nothing_names_it_any_more_and_all_else_stands(catalog):
    tasks.build_now("test")
    before = public()
    others = [row for row in Resource.objects.public() if row != catalog]
    assert len(traces(catalog)) > 40
    take_down(catalog)

    changed = takedowns.take_off_site()

    now = public()
    assert traces(catalog) == []
    assert changed == len(differing(before, now))
    assert broken(now, set(now)) == []
    assert all(f"resources/{row.pk}/index.html" in now for row in others)
    assert not takedowns.is_pending()
    assert takedowns.take_off_site() == 0


@pytest.mark.parametrize("is_restored", [False, True])
def test_the_next_delta_makes_what_a_full_build_would(catalog, is_restored):
    tasks.build_now("test")
    take_down(catalog)
    takedowns.take_off_site()
    if is_restored:
        catalog.alone().restore()

    tasks.build_at_once()

    assert not present(Build.objects.first()).is_full
    found = public()
    assert ("Zqdoomed" in found["index.html"].decode()) == is_restored
    assert differing(found, full()) == []


def test_the_state_of_the_site_counts_its_files(catalog):
    tasks.build_now("test")
    take_down(catalog)

    takedowns.take_off_site()

    state, now = BuildState.get(), public()
    assert (state.files, state.bytes) == (len(now), sum(map(len, now.values())))
    assert state.token == releases.token_of(releases.current())


def empty_the_tables():
    for model in (Due, EntryRow, ListingEntry, ListingPage, Listing, Output):
        model.objects.all().delete()


def mix_up_the_pages():
    ListingPage.objects.update(number=1)


@pytest.mark.parametrize(
    "harm",
    [lambda: BuildState.objects.update(token=""), empty_the_tables, mix_up_the_pages],
    ids=["no token", "no tables", "other pages"],
)
def test_tables_that_tell_of_another_site_hide_nothing(catalog, harm):
    tasks.build_now("test")
    harm()
    take_down(catalog)

    takedowns.take_off_site()

    assert traces(catalog) == []
    assert "Heir" in public()["index.html"].decode()


def test_a_page_that_could_not_be_rendered_is_found_by_its_row(catalog):
    tasks.build_now("test")
    for path in list(public()):
        if path.endswith(f"resources/{catalog.pk}/index.html"):
            (releases.public() / path).unlink()
    take_down(catalog)

    takedowns.take_off_site()

    found = [path for path in traces(catalog) if not path.startswith("torrents/")]
    assert found == []


def test_many_are_gone_at_once(catalog):
    tasks.build_now("test")
    rows = list(Resource.objects.public().order_by("pk"))
    Resource.objects.filter(pk__gt=rows[0].pk).take_down(reason="asked", by="test")

    takedowns.take_off_site()

    now = public()
    left = {path for path in now if path.startswith("resources/")}
    assert left == {f"resources/{rows[0].pk}/index.html"}
    assert traces(catalog) == []
    tasks.build_at_once()
    assert differing(public(), full()) == []


def test_what_was_withdrawn_but_still_stands_goes_too(catalog):
    tasks.build_now("test")
    catalog.alone().withdraw()
    take_down(catalog)

    takedowns.take_off_site()

    assert traces(catalog) == []


def test_what_was_edited_and_taken_down_goes_as_it_stands(catalog):
    tasks.build_now("test")
    old = Resource.objects.get(pk=catalog.pk)
    catalog.title, catalog.tags, catalog.magnet_uri = "Else", ["other"], make.magnet()
    catalog.store()
    take_down(catalog)

    takedowns.take_off_site()

    assert traces(old) == []
    tasks.build_at_once()
    assert differing(public(), full()) == []


def hooked(monkeypatch, act) -> list[Tree]:
    """`act` once when Hugo has rendered; the public trees afterwards."""
    seen: list[Tree] = []
    real = hugo.render

    def render(*args, **kwargs):
        real(*args, **kwargs)
        if not seen:
            seen.append({})
            act()
            seen[0] = public()

    monkeypatch.setattr(hugo, "render", render)
    return seen


@pytest.mark.parametrize("patched", [True, False], ids=["watched", "unwatched"])
@pytest.mark.parametrize("is_restored", [False, True], ids=["down", "restored"])
@pytest.mark.parametrize("asked", [{"force": True}, {"verify": True}, {}], ids=str)
def test_a_build_under_way_neither_keeps_nor_brings_it(
    catalog, monkeypatch, asked, is_restored, patched
):
    """Found out after everything was rendered; a watch looks meanwhile, or not."""
    tasks.build_now("test")
    catalog.title = "Zqdoomed again"
    catalog.store()
    make.resource(title="Something new", tags=["film", "Öl"])

    def act():
        take_down(catalog)
        if patched:
            takedowns.take_off_site()

    seen = hooked(monkeypatch, act)
    tasks.carry_out(present(Build.objects.claim("test")), **asked)

    assert seen
    assert not patched or traces(catalog, seen[0]) == []
    takedowns.take_off_site()
    assert traces(catalog) == []
    assert "Something new" in public()["index.html"].decode()
    if is_restored:
        catalog.alone().restore()
    monkeypatch.undo()
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 2)
    tasks.build_at_once()
    assert not present(Build.objects.first()).is_full
    assert (f"resources/{catalog.pk}/index.html" in public()) == is_restored
    assert differing(public(), full()) == []


def test_the_first_build_of_all_does_not_bring_it(catalog, monkeypatch):
    hooked(monkeypatch, lambda: take_down(catalog))

    tasks.build_now("test")

    assert traces(catalog) == []
    assert "Heir" in public()["index.html"].decode()


def test_a_long_step_takes_it_off_by_itself(catalog, monkeypatch):
    """Where no watch runs: the builder looks on its way."""
    tasks.build_now("test")
    monkeypatch.setattr("builds.run.LOOK_EVERY_S", 0)
    real, seen = hugo._render, list[list[str]]()

    def render(*args):
        seen.append(traces(catalog))
        if len(seen) == 1:
            take_down(catalog)
        real(*args)

    monkeypatch.setattr(hugo, "_render", render)
    tasks.build_now("test", force=True)

    assert (len(seen), seen[1:]) == (2, [[]])


def test_a_held_site_stays_held_without_it(catalog):
    tasks.build_now("test")
    make.resource(title="Later")
    tasks.build_now("test")
    tasks.put_back(None, "test")
    point = present(rollback.present())
    take_down(catalog)

    takedowns.take_off_site()
    tasks.build_at_once()

    assert traces(catalog) == []
    assert (BuildState.get().held_at, rollback.present()) == (f"#{point.pk}", point)
    assert "Later" not in public()["index.html"].decode()
    tasks.build_now("test")
    assert differing(public(), full()) == []


def test_a_rollback_that_meets_a_takedown_does_not_bring_it_back(catalog, monkeypatch):
    tasks.build_now("test")
    make.resource(title="Later")
    tasks.build_now("test")
    real = patches.revert

    def revert(*args):
        take_down(catalog)
        real(*args)

    monkeypatch.setattr(patches, "revert", revert)
    tasks.put_back(None, "test")

    assert traces(catalog) == []


def test_only_what_stands_is_patched(catalog):
    tasks.build_now("test")
    before, token = public(), BuildState.get().token
    draft = make.resource(published_at=None)
    take_down(draft)

    assert takedowns.is_pending()
    assert takedowns.take_off_site() == 0

    assert (public(), BuildState.get().token, takedowns.is_pending()) == (before, token, False)


def test_nothing_is_asked_without_a_site(catalog):
    take_down(catalog)

    assert takedowns.take_off_site() == 0


# -- whoever dies


@pytest.fixture
def installed(place, monkeypatch, configure) -> tuple[Place, Resource]:
    configure(site_languages=("en",))
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 2)
    doomed = filled()
    tasks.build_now("test")
    return place, doomed


def test_killed_at_any_moment_it_is_done_by_another(installed):
    place, doomed = installed
    take_down(doomed)
    moments = place.moments(takedowns.take_off_site)
    expected = place.full()
    numbers = [
        next(n for n, what in enumerate(moments) if kind in what)
        for kind in ("plan.json", "commit", "os.link", "os.rename index", "state.json", "os.rmdir")
    ]
    for number in some(moments, (), 0) or [*numbers, len(moments) - 1]:
        place.keep("kept")
        assert place.kill(takedowns.take_off_site, number), moments[number]

        assert takedowns.is_pending(), moments[number]
        takedowns.take_off_site()

        assert traces(doomed) == [], moments[number]
        tasks.build_at_once()
        assert not present(Build.objects.first()).is_full
        assert differing(public(), expected) == [], moments[number]
        place.put_back("kept")
        shutil.rmtree(place.root.with_name("kept"))


def test_a_builder_that_sleeps_does_not_hold_it_up(installed, monkeypatch):
    """It is stopped while it merges, with the lock in its hands."""
    place, doomed = installed
    monkeypatch.setattr("builds.tree.merge_lock.WAIT_S", 0.2)
    present(Resource.objects.exclude(pk=doomed.pk).first()).alone().withdraw()
    moments = place.moments(lambda: tasks.build_now("test"))
    numbers = [n for n, what in enumerate(moments) if what == "os.link index.html"]
    with place.asleep(lambda: tasks.build_now("test"), numbers[-1]):
        take_down(doomed)
        takedowns.take_off_site()
        assert traces(doomed) == []
    assert traces(doomed) == []
    place.rescue()
    tasks.build_at_once()
    assert differing(public(), place.full()) == []


def test_what_publishers_write_leads_to_no_others_files(catalog):
    """Titles and texts that look like marks of the layouts, like feeds' items and like files."""
    info_hash = present(Resource.objects.exclude(pk=catalog.pk).first()).magnet_hash
    victim = Resource.objects.get(magnet_hash=info_hash)
    marks = f'<li data-resource="{victim.pk}"></item></entry><a data-list href="/tags/film/">'
    link = (
        f'class="button quiet" type="application/x-bittorrent" href="/torrents/{info_hash}.torrent"'
    )
    imitator = work(
        f"Imitator {marks}", content_markdown=f"{marks} <a {link}> {link}", tags=["film"],
        category=catalog.category, publisher=catalog.publisher,
    )  # fmt: skip
    tasks.build_now("test")
    before = public()
    take_down(imitator)

    takedowns.take_off_site()

    now = public()
    gone = before.keys() - now.keys()
    assert {path for path in gone if "resources/" in path or "torrents/" in path} == {
        f"resources/{imitator.pk}/index.html",
        f"zh-hans/resources/{imitator.pk}/index.html",
        f"torrents/{imitator.magnet_hash}.torrent",
    }
    assert not any(b"Imitator" in body for body in now.values())
    assert traces(catalog, now) == traces(catalog, before)
    tasks.build_at_once()
    assert differing(public(), full()) == []


def test_it_leaves_the_archives_of_the_feeds_at_once(catalog):
    for number in range(12):
        make.resource(
            title=f"Newer {number}", category=catalog.category, publisher=catalog.publisher
        )
    tasks.build_now("test")
    before = [path for path in traces(catalog) if path.startswith("feeds/archive/")]

    take_down(catalog)
    takedowns.take_off_site()

    assert {path.split("/")[2] for path in before} == {"all", "categories", "publishers"}
    assert traces(catalog) == []
    assert before[0] in public()  # the rest of it stays
