"""Hostile metadata becomes harmless metadata."""

from __future__ import annotations

import hashlib
import time

import libtorrent as lt
import pytest

from resources.torrents import info_sections, sanitize
from resources.torrents.magnets import Magnet


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
    from dht.engine import libtorrent_values

    return libtorrent_values.torrent(lt.load_torrent_buffer(b"d4:info" + info + b"e").ti)


def metadata(info):
    magnet = Magnet(v1=hashlib.sha1(info).hexdigest(), v2=None)
    return sanitize.metadata(magnet, read(info), num_peers=1)


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
    assert sanitize.clean_path(dirty) == clean


def test_metadata_of_a_hostile_torrent_has_no_way_out():
    info = info_of([[b"..", b"..", b"etc", b"passwd"], [b"a\nb\x1b"], [b"\xff\xfe"]], b"../evil")

    found = metadata(info)

    assert not any(part in {"", ".", ".."} for f in found.files for part in f.path.split("/"))
    assert not any(ord(c) < 32 for f in found.files for c in f.path)
    assert "/" not in found.name


def test_metadata_with_another_hash_is_refused():
    info = info_of([[b"a"], [b"b"]])

    assert sanitize.metadata(Magnet(v1="ab" * 20, v2=None), read(info), num_peers=1) is None


def test_only_the_first_of_too_many_files_are_kept(monkeypatch):
    monkeypatch.setattr(info_sections, "MAX_FILES", 2)

    found = metadata(info_of([[b"a"], [b"b"], [b"c"]]))

    assert ([f.path for f in found.files], found.total_size_bytes) == (["work/a", "work/b"], 3)


def test_only_the_first_of_too_many_parts_of_paths_are_kept(monkeypatch):
    monkeypatch.setattr(sanitize, "MAX_PARTS", 5)

    found = metadata(info_of([[b"a"], [b"d", b"b"], [b"c"]]))

    assert [f.path for f in found.files] == ["work/a", "work/d/b"]
    assert (found.file_count, found.total_size_bytes) == (3, 3)


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
    assert sanitize.distinct(paths) == expected


@pytest.mark.parametrize(
    "path", ["work/a.txt", "/".join("d" * 49) + "/x", "work/" + "n" * 240, "work/\u00e9" * 20]
)
def test_a_hundred_thousand_files_of_one_name_are_named_quickly(path):
    began = time.process_time()

    found = sanitize.distinct([sanitize.clean_path(path)] * sanitize.MAX_FILES)

    assert len({name.casefold() for name in found}) == sanitize.MAX_FILES
    assert time.process_time() - began < 5
