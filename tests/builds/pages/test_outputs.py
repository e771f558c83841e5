"""Feeds and their archives, as a subscriber walks them (RFC 5005; JSON Feed 1.1)."""

from __future__ import annotations

import json
from dataclasses import replace

import feedparser
import pytest

from builds.data.entry import Entry
from builds.data.records import File
from builds.listings import archives
from builds.listings.pagination import FEED_ITEMS, Pagination
from builds.listings.reader import Reader
from builds.models import BuildState, EntryRow, Listing
from builds.pages.outputs import RecordMaker
from tests import make

pytestmark = pytest.mark.django_db
SHARDS = {"/index/index-2026-01.json": ("digest", 1)}
SITE = "https://host.example/repo"


@pytest.fixture(autouse=True)
def place(configure):
    configure(public_baseurl=f"{SITE}/", site_title="Ghost")


class Shelf:
    """A catalog of entries, and the files of its feeds as a build leaves them."""

    def __init__(self) -> None:
        self.taxonomy, self.entries = make.taxonomy(), dict[int, Entry]()
        self._owned = dict[str, tuple[str, bytes]]()

    def put(self, *entries: Entry) -> set[str]:
        """One build with these, new or changed; the owners that are due."""
        changes = {each.id: (self.entries.get(each.id), each) for each in entries}
        self.entries |= {each.id: each for each in entries}
        EntryRow.objects.bulk_create(
            [_row(each) for each in entries],
            update_conflicts=True, unique_fields=["id"], update_fields=["entry_json"],
        )  # fmt: skip
        return self.build(changes)

    def drop(self, *ids: int) -> set[str]:
        EntryRow.objects.filter(pk__in=ids).delete()
        return self.build({pk: (self.entries.pop(pk), None) for pk in ids})

    def build(self, changes) -> set[str]:
        pagination = Pagination(self.taxonomy)
        pagination.align_categories()
        pagination.apply(changes)
        due = {each for each in pagination.save() if each.split("/")[0] in ("feed", "archive")}
        maker = self._maker()
        made = {owner: list(maker.records_of(owner, {})) for owner in due}
        gone = {a for a, (owner, _body) in self._owned.items() if owner in due}
        self._owned = {a: row for a, row in self._owned.items() if a not in gone}
        for owner, records in made.items():
            self._owned |= {
                file.address: (owner, file.body) for file in records if isinstance(file, File)
            }
        return due

    def _maker(self) -> RecordMaker:
        return RecordMaker(Reader(BuildState.get(), self.taxonomy))

    @property
    def site(self) -> dict[str, bytes]:
        return {SITE + address: body for address, (_owner, body) in self._owned.items()}

    def whole(self) -> dict[str, bytes]:
        """What a build of everything makes."""
        records = self._maker().listing_records()
        return {
            SITE + file.address: file.body
            for owner, file in records
            if isinstance(file, File) and owner.split("/")[0] in ("feed", "archive")
        }


def _row(entry: Entry) -> EntryRow:
    return EntryRow(
        id=entry.id, entry_json=entry.json, body=b"", source="", dht_status=entry.dht_status,
        missing_since="", published_at=entry.published_at, replaces=None,
    )  # fmt: skip


@pytest.fixture
def shelf():
    return Shelf()


def entries(*numbers: int) -> list[Entry]:
    return [make.entry(number, team=None) for number in numbers]


def read(site: dict[str, bytes], link: str) -> tuple[list[str], str | None]:
    """Ids of the items of a document, and the link of the one before it."""
    body = site[link]
    if link.endswith(".json"):
        feed = json.loads(body)
        return [item["id"] for item in feed["items"]], feed.get("next_url")
    found = feedparser.parse(body)
    assert not found.bozo
    links = {each.rel: each.href for each in found.feed.links}
    return [entry.id for entry in found.entries], links.get("prev-archive")


def walk(site: dict[str, bytes], link: str, known: set[str], seen: set[str]) -> list[str]:
    """What a subscriber gets who knows some items, and has seen some archives."""
    found, before = read(site, link)
    while before and before not in seen and not known.intersection(found):
        seen.add(before)
        items, before = read(site, before)
        found += items
    return [each for each in found if each not in known]


@pytest.mark.parametrize(
    ("stem", "ending"), [("all", "xml"), ("categories/films", "atom"), ("publishers/ada", "json")]
)
def test_who_was_away_for_a_bulk_of_five_hundred_misses_none(shelf, stem, ending):
    shelf.put(*entries(*range(1, 21)))
    link, seen = f"{SITE}/feeds/{stem}.{ending}", set[str]()
    known = set(walk(shelf.site, link, set(), seen))
    shelf.put(*entries(*range(21, 521)))
    found = walk(shelf.site, link, known, seen)

    wanted = {f"urn:btih:{make.entry(number).hash}" for number in range(21, 521)}
    assert set(found) == wanted
    assert len(known) == 20


def test_whoever_reads_each_time_has_all_in_the_end(shelf):
    link, known, seen = f"{SITE}/feeds/all.json", set[str](), set[str]()
    for first in (1, 60, 150, 151, 300, 301):
        upto = first + 100
        shelf.put(*entries(*(n for n in range(first, upto) if n not in shelf.entries)))
        known |= set(walk(shelf.site, link, known, seen))

    assert known == {f"urn:btih:{each.hash}" for each in shelf.entries.values()}


def test_what_changes_are_the_newest_archives_alone(shelf):
    shelf.put(*entries(*range(1, 400)))
    before = shelf.site
    for first in range(400, 500, 20):
        shelf.put(*entries(*range(first, first + 20)))
    after = shelf.site

    changed = {link for link in before if "/archive/all/" in link and before[link] != after[link]}
    assert {link.rpartition("/")[2].partition(".")[0] for link in changed} == {"4-360"}
    assert after == shelf.whole()


def test_few_changes_give_what_a_build_of_everything_gives(shelf, monkeypatch):
    for kind in archives.KEPT:
        monkeypatch.setitem(archives.KEPT, kind, 2)
    shelf.put(*entries(*range(1, 500)))
    shelf.drop(*range(95, 200))
    shelf.put(*entries(*range(500, 540)))
    shelf.put(replace(shelf.entries[470], title="Other"))
    shelf.drop(*range(440, 535))

    assert shelf.site == shelf.whole()
    assert any("/archive/" in link for link in shelf.site)


def test_an_archive_says_what_it_is(shelf):
    shelf.put(*entries(*range(1, 400)))
    site = shelf.site

    first, second = (site[f"{SITE}/feeds/archive/all/{name}.atom"] for name in ("1-90", "2-180"))
    links = {each.rel: each.href for each in feedparser.parse(second).feed.links}
    assert (b"<fh:archive/>" in second, b"<fh:archive/>" in site[f"{SITE}/feeds/all.atom"]) == (
        True, False,
    )  # fmt: skip
    assert links == {
        "self": f"{SITE}/feeds/archive/all/2-180.atom",
        "current": f"{SITE}/feeds/all.atom",
        "prev-archive": f"{SITE}/feeds/archive/all/1-90.atom",
        "next-archive": f"{SITE}/feeds/archive/all/3-270.atom",
        "alternate": f"{SITE}/",
    }
    ids = {
        feedparser.parse(body).feed.id for body in (first, second, site[f"{SITE}/feeds/all.atom"])
    }
    assert ids == {f"{SITE}/feeds/all.atom"}  # one feed (RFC 5005, 4)


def test_a_feed_has_fifty_at_least_and_no_archive_more_than_its_pages(shelf):
    shelf.put(*entries(*range(1, 400)))

    sizes = {link: len(read(shelf.site, link)[0]) for link in shelf.site if link.endswith("json")}
    assert all(size == 90 for link, size in sizes.items() if "/archive/" in link)
    assert FEED_ITEMS <= sizes[f"{SITE}/feeds/all.json"] < 150
    assert Listing.objects.filter(kind=Listing.Kind.TAG).count() == 0


def test_rescue_dates_a_case_by_when_it_went_missing(shelf):
    missing = "2026-05-06T07:08:09+00:00"
    stale = make.entry(1, dht_status="Stale", missing_since=missing)
    shelf.put(stale, make.entry(2))
    EntryRow.objects.filter(pk=1).update(missing_since=missing)

    files = {
        f.address: f.body for f in shelf._maker().records_of("site", SHARDS) if isinstance(f, File)
    }

    [case] = json.loads(files["/feeds/rescue.json"])["items"]
    assert (case["title"], case["date_published"]) == (stale.title, missing)
