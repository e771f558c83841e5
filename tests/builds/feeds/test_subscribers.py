"""Whoever follows a feed through its archives (RFC 5005; JSON Feed's `next_url`), while the catalog changes."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from django.utils import timezone

from builds.data import urls
from builds.data.records import File
from builds.engine import incremental
from builds.engine.full import row_of
from builds.engine.sync import sync
from builds.listings import archives, pagination
from builds.listings.reader import Reader
from builds.models import BuildState, Due, Output
from builds.pages import outputs
from builds.run import Progress
from builds.tree.patches import PatchDraft
from resources.models import Resource
from tests import make

pytestmark = pytest.mark.django_db
BASE = "https://site.example.org/sub/path/"


class FeedFiles:
    """The feeds as builds of what is due leave them, and as a build of everything would."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, dict[str, bytes]()
        state = sync(Progress(), everything=True)
        maker = outputs.RecordMaker(Reader.open(state))
        rows = [row_of(owner, record) for owner, record in maker.listing_records()]
        Output.objects.bulk_create(Output(**row) for row in rows)
        Due.objects.all().delete()
        self.files = self.whole()

    def build(self) -> None:
        state = sync(Progress(), everything=False)
        draft = PatchDraft(self.folder / f"{BuildState.get().synced_revision}", "", "", 1)
        draft.new.mkdir(parents=True, exist_ok=True)
        draft.work.mkdir(exist_ok=True)
        delta = incremental.make_due(Reader.open(state), draft)
        for address in delta.rows:
            if _is_of_list(address):
                self.files[address] = (draft.new / urls.file_of(address)).read_bytes()
        for address in delta.gone:
            self.files.pop(address, None)
        incremental.store(delta)

    def whole(self) -> dict[str, bytes]:
        maker = outputs.RecordMaker(Reader.open(BuildState.get()))
        found = (record for _owner, record in maker.listing_records())
        return {
            each.address: each.body
            for each in found
            if isinstance(each, File) and _is_of_list(each.address)
        }

    def at(self, link: str) -> bytes:
        assert link.startswith(BASE), link
        return self.files["/" + link.removeprefix(BASE)]


class Subscriber:
    """Reads a feed, and its archives back to the first that it has read already."""

    def __init__(self, site: FeedFiles, link: str) -> None:
        self.site, self.link = site, link
        self.seen, self.archives = set[int](), set[str]()

    def poll(self) -> None:
        link: str | None = self.link
        while link and link not in self.archives:
            if link != self.link:
                self.archives.add(link)
            ids, link = self.read(self.site.at(link))
            self.seen |= ids

    def read(self, body: bytes) -> tuple[set[int], str | None]:
        found = feedparser.parse(body)
        assert not found.bozo, found.bozo_exception
        links = {each.rel: each.href for each in found.feed.links}
        return {_id(each.link) for each in found.entries}, links.get("prev-archive")


class JsonSubscriber(Subscriber):
    def read(self, body: bytes) -> tuple[set[int], str | None]:
        found = json.loads(body)
        return {_id(each["url"]) for each in found["items"]}, found.get("next_url")


def _is_of_list(address: str) -> bool:
    return address.startswith("/feeds/") and not address.startswith(urls.RESCUE_FEED)


def _id(link: str) -> int:
    return int(link.rstrip("/").rpartition("/")[2])


class Catalog:
    """What publishers, moderators and workers do to it, at random."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.new, self.known = dice, set[int](), set[int]()
        self.categories = [make.category(), make.category()]

    def change(self) -> None:
        acts = (self.add, self.add, self.bulk, self.hold, self.find, self.schedule, self.take_down,
                self.withdraw, self.put_back, self.purge, self.edit)  # fmt: skip
        for act in self.dice.choices(acts, k=self.dice.randint(1, 4)):
            act()
            self.new |= set(_public()) - self.known
            self.known |= self.new
        # What was gone before anybody could see it stays where its first moment has put it.
        self.new &= set(_public())

    def _some(self, rows, most: int):
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return Resource.objects.filter(pk__in=self.dice.sample(keys, min(len(keys), most)))

    def add(self, count: int = 1, **kwargs) -> None:
        for _ in range(count):
            make.resource(
                category=self.dice.choice(self.categories), published_at=timezone.now(), **kwargs
            )

    def bulk(self) -> None:
        self.add(self.dice.randint(5, 20))

    def hold(self) -> None:
        self.add(is_probed=False)

    def find(self) -> None:
        self._some(Resource.objects.unprobed(), 2).skip_probe()

    def schedule(self) -> None:
        row = make.resource(published_at=timezone.now() + timedelta(milliseconds=1))
        assert row.published_at

    def take_down(self) -> None:
        self._some(Resource.objects.public(), 3).take_down(reason="x", by="y")

    def purge(self) -> None:
        """A run of neighbours, as of one publisher."""
        keys = sorted(_public())
        if keys:
            start, count = self.dice.randrange(len(keys)), self.dice.randint(3, 15)
            Resource.objects.filter(pk__in=keys[start : start + count]).take_down(
                reason="x", by="y"
            )

    def withdraw(self) -> None:
        self._some(Resource.objects.public(), 2).withdraw()

    def put_back(self) -> None:
        self._some(Resource.objects.taken_down(), 3).restore()
        self._some(Resource.objects.filter(published_at=None), 2).publish()

    def edit(self) -> None:
        for row in self._some(Resource.objects.public(), 1):
            row.title, row.category = f"{row.title} edited", self.dice.choice(self.categories)
            row.store()


def _public() -> list[int]:
    return list(Resource.objects.public().values_list("pk", flat=True))


@pytest.fixture
def small(configure, monkeypatch):
    """Pages of two, feeds of three, an archive from one page: a few dozen resources fill them."""
    configure(public_baseurl=BASE)
    monkeypatch.setattr(pagination, "PAGE_ROWS", 2)
    monkeypatch.setattr(archives, "PAGES_EACH", 2)
    for module in (pagination, outputs):
        monkeypatch.setattr(module, "FEED_ITEMS", 3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(2))
def test_nobody_who_polls_misses_one_nor_sees_what_is_taken_down(tmp_path, seed):
    dice = random.Random(seed)
    catalog = Catalog(dice)
    catalog.add(9)
    catalog.known = set(_public())
    site = FeedFiles(tmp_path)
    link = f"{BASE}feeds/all"
    often = [JsonSubscriber(site, f"{link}.json"), Subscriber(site, f"{link}.xml")]
    seldom = Subscriber(site, f"{link}.atom")

    for number in range(14):
        catalog.change()
        site.build()

        whole = site.whole()
        assert [
            each for each in whole.keys() | site.files if whole.get(each) != site.files.get(each)
        ] == []
        for each in often:
            each.poll()
            assert catalog.new & set(_public()) <= each.seen
        if number % 4 == 0:
            seldom.poll()
            assert catalog.new & set(_public()) <= seldom.seen
        new = Subscriber(site, f"{link}.xml")
        new.poll()
        assert new.seen == set(_public())
