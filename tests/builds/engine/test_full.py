from __future__ import annotations

import json

import pytest

from builds.data.records import File, Page
from builds.engine import full
from builds.engine.full import RecordWriter
from builds.models import NextOutput, Output
from builds.render.chunks import Chunks
from builds.run import Progress
from builds.tree import releases
from ghost.core.errors import OutageError

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    return releases.begin(1)


@pytest.fixture
def write(draft):
    """`write(*records)`: all of them into a draft, of an owner each; the writer."""

    def add(*records):
        with Chunks(draft.work) as chunks:
            writer = RecordWriter(draft, chunks, Progress())
            for number, record in enumerate(records):
                writer.add(f"entry/{number}", record)
            writer.flush()
        return writer

    return add


def test_pages_go_to_chunks_files_to_the_site_and_rows_to_the_table(draft, write):
    page, file = Page("/tags/公/", "list", "公"), File("/feeds/tags/公.xml", b"<x/>")

    writer = write(page, file)

    (chunk,) = sorted(draft.work.iterdir())
    assert json.loads(chunk.read_bytes()) == [json.loads(page.json)]
    assert (draft.site / "feeds/tags/公.xml").read_bytes() == b"<x/>"
    assert (writer.pages, writer.files) == (1, 1)
    assert list(NextOutput.objects.order_by("address").values_list()) == [
        ("/feeds/tags/公.xml", "entry/1", False, file.digest, 4, ""),
        ("/tags/公/", "entry/0", True, page.digest, page.size, ""),
    ]


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Page("/a/", "list", "A"), Page("/a/", "list", "B")),
        (File("/a.xml", b"1"), File("/a.xml", b"2")),
    ],
    ids=["pages", "files"],
)
def test_two_records_of_one_address_are_refused(write, monkeypatch, one, other, batch):
    monkeypatch.setattr(full, "BATCH", batch)

    with pytest.raises(OutageError, match=r"^Two records have the same address \("):
        write(one, Page("/b/", "list", "B"), other)


def test_an_address_that_leads_out_of_the_site_is_refused(write):
    with pytest.raises(ValueError, match="leads out"):
        write(File("/../../outside.txt", b"x"))


def test_digests_of_shards_are_kept_for_the_manifest(write):
    shard = File("/index/index-2026-01.json", b"{}")

    writer = write(shard, File("/index/tags.json", b"{}"))

    assert writer.shards == {"/index/index-2026-01.json": (shard.digest, 2)}


def test_the_files_are_those_of_all_rows_but_those_set_aside(write, configure):
    configure(site_languages=("en", "zh-hans"))
    write(Page("/", "home", ""), Page("/tags/a/", "list", "a"), File("/a.xml", b"1"))

    full.note_set_aside(["/zh-hans/tags/a/"])

    assert sorted(full.files()) == [
        "a.xml", "index.html", "tags/a/index.html", "zh-hans/index.html",
    ]  # fmt: skip
    assert NextOutput.objects.get(pk="/tags/a/").languages_set_aside == "zh-hans"
    assert full.files_set_aside() == {"zh-hans/tags/a/index.html"}


def test_rows_of_a_full_build_count_when_they_replace_the_others(write):
    Output.objects.create(address="/old/", owner="x", is_page=True, digest="x", size_bytes=1)
    page = Page("/new/", "list", "x")

    write(page)
    assert [row.address for row in Output.objects.all()] == ["/old/"]
    Output.replace_all(Progress())

    assert list(Output.objects.values_list()) == [
        ("/new/", "entry/0", True, page.digest, page.size, "")
    ]
    assert not NextOutput.objects.exists()
