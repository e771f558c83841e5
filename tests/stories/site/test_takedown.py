"""A takedown takes every trace with it in the next build; its end brings back every byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builds import covers, tasks
from builds.models import Build, Cover
from builds.search import manifest
from builds.search.postings import decode
from builds.search.segments import SETS, leaf_address, local
from ghost.core.catalog.models import Catalog as Revision
from resources.models import Resource, findings
from resources.torrents import metadata
from tests import make
from tests.builds import catalog as small
from tests.builds.catalog import Catalog
from tests.builds.faults import differing, tree
from tests.builds.pictures import image
from tests.presence import present
from tests.stories.site.test_private_values import leaks

pytestmark = pytest.mark.django_db
FILE = "zqfile name.flac"


@pytest.fixture
def doomed(build, configure, monkeypatch):
    """A resource of which everything has a word of its own."""
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 4)
    configure(site_languages=("en", "zh-hans"), build_debounce_s=0)
    catalog = Catalog.fill()
    magnet, info = small.torrent("zqtorrent")
    row = make.resource(
        title="zqtitle 独一无二",
        magnet_uri=f"{magnet}&dn=zqdisplay&tr=udp%3A%2F%2Fzqtracker.example%3A1337",
        is_probed=False,
        content_markdown="zqbody *zqemphasis*",
        tags=["zqtag", "独标签"],
        category=make.category("zqcategory", parent=catalog.films),
        publisher=make.publisher(name="zqpublisher"),
    )
    files = (metadata.File(f"work/{FILE}", 3_000_000),)
    findings.record_metadata(
        row, make.torrent_metadata(row.magnet_hash, name="work", info=info, files=files)
    )
    covers.upload(row, image((40, 30), colour="#123456"), by="test")
    row.refresh_from_db()
    return row


def traces(row, public: Path) -> list[str]:
    """Words of its own, its hashes and its address, wherever they stand, and its covers' bytes."""
    words = [
        "zqtitle", "独一无二", "zqdisplay", "zqtracker", "zqbody", "zqemphasis", "zqtag", "独标签",
        "zqpublisher", "zqfile", "zqtorrent", *row.hashes, row.hashes[0][:10],
        f"resources/{row.pk}/", f"covers/{row.pk}", f'"id":{row.pk},',
    ]  # fmt: skip
    return leaks(public, words) + [
        path for path, body in tree(public).items() if body in own_bytes(row)
    ]


def own_bytes(row) -> set[bytes]:
    cover = Cover.objects.get(resource=row).digest
    return {covers.page_file(cover).read_bytes(), covers.thumb_file(cover).read_bytes()}


def postings(public: Path, pk: int) -> list[str]:
    """Terms under which the search finds it."""
    found = []
    for number, segment in manifest.read((public / "search/manifest.json").read_bytes()).items():
        for kind in SETS:
            for leaf in segment.leaves[kind]:
                path = public / leaf_address(number, kind, leaf)[1:]
                for term, listed in json.loads(path.read_bytes()).items():
                    if local(pk, number) in decode(listed):
                        found.append(term)
    return sorted(found)


KINDS = {
    "resources/": "pages", "assets/covers/": "covers", "torrents/": "torrents", "feeds/": "feeds",
    "index/": "index", "search/": "search", "sitemaps/": "sitemap", "latest/": "lists",
    "publishers/": "lists", "tags/": "lists", "categories/": "lists", "zh-hans/": "other language",
    "feeds.opml": "feeds",
}  # fmt: skip


def kinds(found: list[str]) -> set[str]:
    paths = [each.rpartition(" in ")[2] for each in found]
    return {kind for path in paths for start, kind in KINDS.items() if path.startswith(start)}


@pytest.mark.parametrize("force", [True, False], ids=["full", "delta"])
def test_a_takedown_leaves_no_trace_and_its_end_brings_back_every_byte(build, doomed, force):
    public = build()
    before, times = tree(public), (doomed.updated_at, Revision.get().changed_at)
    assert kinds(traces(doomed, public)) == set(KINDS.values())
    assert "zqfile" in postings(public, doomed.pk)

    Resource.objects.filter(pk=doomed.pk).take_down(reason="asked", by="test")
    build(force=force)

    assert present(Build.objects.first()).is_full == force
    assert traces(doomed, public) == []
    assert postings(public, doomed.pk) == []
    assert differing(tree(public), before)
    Resource.objects.filter(pk=doomed.pk).restore()
    # Its page and the manifest say when it changed, which is now; but for that, nothing differs.
    Resource.objects.filter(pk=doomed.pk).update(updated_at=times[0])
    Revision.objects.update(changed_at=times[1])
    build(force=force)
    assert differing(tree(public), before) == []


def test_what_is_withdrawn_deleted_or_hidden_leaves_no_trace_either(build, doomed):
    public = build()

    doomed.published_at = None
    doomed.store()
    build()

    assert traces(doomed, public) == []
    bytes_of_cover = own_bytes(doomed)
    doomed.discard()
    build()
    assert not bytes_of_cover & set(tree(public).values())


def test_a_takedown_is_built_at_once_whatever_else_waits(build, doomed, configure):
    configure(build_debounce_s=600)
    public = build()
    make.resource(title="Something else", publisher=make.publisher(name="Somebody else"))

    Resource.objects.filter(pk=doomed.pk).take_down(reason="asked", by="test")
    tasks.build_at_once()

    assert traces(doomed, public) == []
