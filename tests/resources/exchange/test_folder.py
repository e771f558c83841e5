"""A folder of `.torrent` files goes out and comes in."""

from __future__ import annotations

import os
from typing import Any

import libtorrent as lt
import pytest

from ghost.demo import seeds
from resources.models import ProbeStatus, Resource
from resources.states import State
from resources.torrents import magnets, metainfo
from tests import make
from tests.presence import present
from tests.resources.exchanges import run, state, take_in

TRACKER = "udp://tracker.example:1337/announce"
pytestmark = pytest.mark.django_db


@pytest.fixture
def films():
    make.publisher()
    return make.category("Films")


@pytest.fixture
def folder(tmp_path):
    """Two torrents, one of them deeper."""
    found = tmp_path / "torrents"
    (found / "deeper").mkdir(parents=True)
    for name, at, version in (
        ("A work", found / "a.torrent", seeds.Version.V1),
        ("另一个", found / "deeper" / "b.torrent", seeds.Version.HYBRID),
    ):
        seed = seeds.make(tmp_path / name, name, {"x.bin": name.encode() * 9000}, version)
        plain: Any = lt.bdecode(seed.body)
        at.write_bytes(lt.bencode(plain | {b"announce": TRACKER.encode()}))
    return found


def bring_in(folder, *options):
    return take_in(folder, "--category", "films", "--publisher", "Ada", *options)


def test_each_file_is_a_resource_and_needs_no_probe(films, folder):
    told = bring_in(folder)

    rows = {row.title: row for row in Resource.objects.all()}
    assert (told.error, told["created"], {*rows}) == ("", 2, {"A work", "另一个"})
    assert {row.state for row in rows.values()} == {State.LIVE}
    assert {row.probe_status for row in rows.values()} == {ProbeStatus.OK}
    assert not Resource.objects.due_for_probe().exists()
    assert rows["另一个"].magnet_hash_v2 is not None
    assert present(rows["A work"].probed_metadata).files[0].path == "A work/x.bin"
    assert rows["A work"].magnet.trackers == (TRACKER,)


def test_a_second_time_changes_nothing(films, folder):
    bring_in(folder)
    before = state()

    told = bring_in(folder)

    assert (told["skipped"], state()) == (2, before)


def test_drafts_on_demand(films, folder):
    bring_in(folder, "--drafts")

    assert {row.state for row in Resource.objects.all()} == {State.DRAFT}


def test_what_can_not_be_read_is_told_by_its_name(films, folder):
    (folder / "b.torrent").write_bytes(b"<html>")
    (folder / "c.torrent").symlink_to("/etc/passwd")
    (folder / "d.torrent").mkdir()
    (folder / os.fsdecode(b"e\xff.torrent")).write_bytes(b"d" * (metainfo.MAX_BYTES + 1))
    (folder / "f.txt").write_bytes(b"x")

    told = bring_in(folder)

    assert (told["created"], told["refused"]) == (2, 2)
    assert [line.partition(": refused: ")[::2] for line in told.lines] == [
        ("b.torrent", "This is not a .torrent file."),
        ("e?.torrent", "A .torrent file may have at most 64 MB."),
    ]


def test_what_is_left_out_of_a_file_is_told_by_its_name(films, folder):
    plain: Any = lt.bdecode((folder / "a.torrent").read_bytes())
    body = lt.bencode(plain | {b"announce": b"ftp://tracker.example/a"})
    (folder / "a.torrent").write_bytes(body + b"\n")

    told = bring_in(folder)

    assert (told["created"], told["mended"]) == (2, 2)
    assert [line.partition(": ")[::2] for line in told.lines] == [
        ("a.torrent", "mended: Left out of the magnet link: tr=ftp://tracker.example/a"
         " (addresses of this kind are not published)."),
        ("a.torrent", "mended: 1 byte behind the end of the .torrent file is left out."),
    ]  # fmt: skip


def test_there_and_back_the_info_hashes_and_trackers_are_the_same(films, folder, tmp_path):
    bring_in(folder)
    out = tmp_path / "out"

    told = run("export_catalog", f"{out}/")

    expected = {metainfo.read(path.read_bytes())[0] for path in folder.rglob("*.torrent")}
    assert (told.error, told["resource"]) == ("", 2)
    assert {metainfo.read(path.read_bytes())[0] for path in out.iterdir()} == expected
    assert {path.stem for path in out.iterdir()} == {magnet.hash for magnet in expected}


def test_what_has_no_info_section_is_left_out_and_counted(films, tmp_path):
    make.resource()
    make.resource(is_probed=False)

    told = run("export_catalog", tmp_path / "out", "--format", "torrents")

    assert (told.error, told["without_metadata"], told["resource"]) == ("", 2, 0)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_brings_files_to_what_was_never_probed(films, folder):
    magnet, _found = metainfo.read((folder / "a.torrent").read_bytes())
    row = make.resource(is_probed=False, magnet_uri=magnets.Magnet(magnet.v1, None).uri())

    told = bring_in(folder, "--existing", "update")

    row.refresh_from_db()
    assert (told["updated"], told["created"], row.is_public) == (1, 1, True)
    assert row.file_count == 1
