"""Hostile metadata becomes harmless metadata."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import time

import libtorrent as lt
import pytest

from dht import torrents
from ghost.demo import seeds
from resources.magnets import Magnet
from tests.dht import clients
from tests.dht.peers import leecher, seeder
from tests.swarm import NETWORK


def info_of(files, name=b"work"):
    """A v1 info section with these paths (lists of parts), one byte each."""
    entry = {
        b"name": name,
        b"piece length": 16384,
        b"pieces": b"x" * 20,
        b"files": [{b"length": 1, b"path": parts} for parts in files],
    }
    return lt.bencode(entry)


def read(info):
    from dht.swarm import _plain

    return _plain(lt.load_torrent_buffer(b"d4:info" + info + b"e").ti)


def metadata(info):
    magnet = Magnet(v1=hashlib.sha1(info).hexdigest(), v2=None)
    return torrents.metadata(magnet, read(info), num_peers=1)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("a/b.txt", "a/b.txt"),
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a\\..\\b", "a/_/b"),
        ("a/./b", "a/_/b"),
        ("line\nfeed\x1b[31m", "line_feed_[31m"),
        ("rtl\u202egpj.exe", "rtl_gpj.exe"),
        ("", "_"),
        ("///", "_"),
        ("x" * 300, "x" * 240),
        ("/".join("d" * 60), "/".join("d" * 50)),
        ("<script>.txt", "<script>.txt"),
        ("第二/注释.md", "第二/注释.md"),
        ("می\u200cخواهم/👩\u200d🔬.txt", "می\u200cخواهم/👩\u200d🔬.txt"),
        ("two  spaces.txt", "two  spaces.txt"),
    ],
)
def test_a_path_is_cleaned(dirty, clean):
    assert torrents.clean_path(dirty) == clean


def test_metadata_of_a_hostile_torrent_has_no_way_out():
    info = info_of([[b"..", b"..", b"etc", b"passwd"], [b"a\nb\x1b"], [b"\xff\xfe"]], b"../evil")

    found = metadata(info)

    assert not any(part in {"", ".", ".."} for f in found.files for part in f.path.split("/"))
    assert not any(ord(c) < 32 for f in found.files for c in f.path)
    assert "/" not in found.name


def test_metadata_with_another_hash_is_refused():
    info = info_of([[b"a"], [b"b"]])

    assert torrents.metadata(Magnet(v1="ab" * 20, v2=None), read(info), num_peers=1) is None


def test_only_the_first_of_too_many_files_are_kept(monkeypatch):
    monkeypatch.setattr(torrents, "MAX_FILES", 2)

    found = metadata(info_of([[b"a"], [b"b"], [b"c"]]))

    assert ([f.path for f in found.files], found.total_size_bytes) == (["work/a", "work/b"], 3)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.txt", "a.txt", "a.txt"], ["a.txt", "a (2).txt", "a (3).txt"]),
        (["A.txt", "a.TXT"], ["A.txt", "a (2).TXT"]),
        (["stra\u00dfe", "STRASSE"], ["stra\u00dfe", "STRASSE (2)"]),
        (["\u00e9", "e\u0301"], ["\u00e9", "e\u0301 (2)"]),
        (["a", "a/b"], ["a (2)", "a/b"]),
        (["A/b", "a"], ["A/b", "a (2)"]),
        (["A/b", "a/B", "a/c"], ["A/b", "a/B (2)", "a/c"]),
        (["a (2)", "a", "a"], ["a (2)", "a", "a (3)"]),
        ([".hidden", ".hidden"], [".hidden", ".hidden (2)"]),
        (["x." + "y" * 30] * 2, ["x." + "y" * 30, "x." + "y" * 30 + " (2)"]),
        (["f/" + "n" * 240] * 2, ["f/" + "n" * 240, "f/" + "n" * 236 + " (2)"]),
        (["a", "b", "c/a"], ["a", "b", "c/a"]),
    ],
)
def test_no_two_paths_name_one_file(paths, expected):
    assert torrents.distinct(paths) == expected


@pytest.mark.parametrize(
    "path", ["work/a.txt", "/".join("d" * 49) + "/x", "work/" + "n" * 240, "work/\u00e9" * 20]
)
def test_a_hundred_thousand_files_of_one_name_are_named_quickly(path):
    began = time.process_time()

    found = torrents.distinct([torrents.clean_path(path)] * torrents.MAX_FILES)

    assert len({name.casefold() for name in found}) == torrents.MAX_FILES
    assert time.process_time() - began < 5


def bare(seed):
    """The .torrent that can be made from what a peer gives: the info section alone."""
    info = bytes(lt.load_torrent_buffer(seed.body).ti.info_section())
    return b"d4:info" + info + b"e"


LARGE = {"": {"": b"x" * 100_000}, "folder": {"a.bin": b"a" * 100_000, "b.bin": b"b" * 40_000}}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("version", seeds.Version)
def test_an_info_section_is_enough_for_libtorrent(tmp_path, version, kind):
    """Also without the piece layers of a v2 torrent (BEP 52), which are no part of it."""
    seed = seeds.make(tmp_path, "work", LARGE[kind], version)

    hashes = lt.load_torrent_buffer(bare(seed)).info_hashes

    found = [h.to_bytes().hex() for h in (hashes.v1, hashes.v2)]
    assert found == [seed.v1 or "0" * 40, seed.v2 or "0" * 64]


def test_libtorrent_gets_missing_piece_layers_from_peers(tmp_path):
    seed = seeds.make(tmp_path / "seed", "work", LARGE["folder"], seeds.Version.V2)
    with seeder(f"{NETWORK}.214.1", [seed]) as peer:
        with_bare = dataclasses.replace(seed, body=bare(seed), save_path=tmp_path / "got")
        with leecher(f"{NETWORK}.214.2", with_bare, peer) as handle:
            deadline = time.monotonic() + 10
            while not handle.status().is_seeding and time.monotonic() < deadline:
                time.sleep(0.05)

            is_complete = handle.status().is_seeding

    assert is_complete


@clients.needs_aria2
@clients.needs_transmission_cli
def test_an_info_section_is_enough_for_other_makes(tmp_path):
    """v1 only: Debian 12's Transmission can't read a hybrid, aria2 takes another hash for it."""
    seed = seeds.make(tmp_path, "work", LARGE["folder"], seeds.Version.V1)
    file = tmp_path / "bare.torrent"
    file.write_bytes(bare(seed))

    said = [
        subprocess.run([*command, str(file)], capture_output=True, text=True, check=True).stdout
        for command in (["transmission-show"], ["aria2c", "--no-conf", "-S"])
    ]

    assert [seed.v1 in words.lower() for words in said] == [True, True]
