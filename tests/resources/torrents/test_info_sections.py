"""`.torrent` files that people hand in: read as libtorrent reads them, or refused with a reason."""

from __future__ import annotations

import hashlib
import random
import re
import time
from typing import Any

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from ghost.demo import seeds
from resources.torrents import bencode, magnets, metadata, metainfo, sanitize
from tests.presence import present
from tests.resources.torrents.test_bencode import encode

TRACKER, SEED = "udp://tracker.example:1337/announce", "https://files.example/a%20b/"
ROOT = b"r" * 32


def v1_info(*files, **more):
    """The v1 info section of these files of one piece together."""
    plain = {b"name": b"work", b"piece length": 16384, b"pieces": b"x" * 20}
    return plain | {b"files": list(files)} | keys(more)


def v2_info(tree, **more):
    plain = {b"name": b"work", b"piece length": 16384, b"meta version": 2, b"file tree": tree}
    return plain | keys(more)


def keys(more):
    return {name.replace("_", " ").encode(): value for name, value in more.items()}


def file(*path, size=1, **more):
    return {b"length": size, b"path": list(path)} | keys(more)


def leaf(size=1, root=ROOT):
    return {b"": {b"length": size} | ({b"pieces root": root} if root else {})}


def torrent(info, **more):
    return encode({b"info": info} | keys(more))


def as_libtorrent(body):
    """What libtorrent alone says of it: nothing of ours reads a byte here."""
    info = present(lt.load_torrent_buffer(body).ti)
    hashes, layout = info.info_hashes(), info.layout()
    pad = int(lt.file_flags_t.flag_pad_file)
    real = [n for n in range(layout.num_files()) if not int(layout.file_flags(n)) & pad]
    v1, v2 = (str(h) if has else "" for h, has in
              ((hashes.v1, hashes.has_v1()), (hashes.v2, hashes.has_v2())))  # fmt: skip
    files = {layout.file_path(n): layout.file_size(n) for n in real}
    size = sum(files.values())
    return v1, v2, info.name(), files, len(real), size, info.piece_length(), info.info_section()


def told(found):
    """The same of ours."""
    files = {file.path: file.size for file in found.files}
    return (
        found.v1, found.v2, found.name, files, found.file_count, found.total_size_bytes,
        found.piece_length, found.info,
    )  # fmt: skip


SOUND = {
    "one file": torrent(
        {b"name": b"a", b"piece length": 16384, b"pieces": b"x" * 20, b"length": 9}
    ),
    "a folder": torrent(v1_info(file(b"a"), file(b"b", b"c"))),
    "a folder of its one file's name": torrent(v1_info(file(b"work"))),
    "pad files of BEP 47": torrent(v1_info(file(b"a"), file(b".pad", b"7", size=7, attr=b"p"))),
    "pad files of old": torrent(v1_info(file(b"a"), file(b"_____padding_file_0_x", size=7))),
    "a symbolic link": torrent(
        v1_info(file(b"a"), {b"path": [b"l"], b"attr": b"l", b"symlink path": [b"a"]})
    ),
    "names in two encodings": torrent(
        v1_info({b"length": 1, b"path": [b"\xe9"], b"path.utf-8": ["é".encode()]})
    ),
    "an empty file": torrent(v1_info(file(b"a"), file(b"b", size=0))),
    "Chinese": torrent(v1_info(file("第二".encode(), "注释.md".encode()))),
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_a_sound_file_says_what_libtorrent_says(body):
    _magnet, found = metainfo.read(body)

    assert told(found) == as_libtorrent(body)


PIECE = 16384
_LETTERS = "abXé第д🎬7-+"
_names = st.builds(
    "{}{}{}".format,
    st.sampled_from(_LETTERS),
    st.text(_LETTERS + " .'&", max_size=8),
    st.sampled_from(_LETTERS),
)
"""Names that every system can have: what is made of others is told elsewhere (test_sanitize), and we
and libtorrent put other letters in their place."""
_paths = st.lists(_names, min_size=1, max_size=4).map(tuple)
_kinds = st.sampled_from(["file", "file", "file", "link"])


def is_tree(paths):
    """Whether no two of them are one, and no file has a folder's name."""
    folded = {tuple(part.casefold() for part in path) for path in paths}
    above = {path[:n] for path in folded for n in range(1, len(path))}
    return len(folded) == len(paths) and not above & folded


@st.composite
def torrents(draw):
    """A .torrent file of each version, with empty files, symbolic links and pad files. A file of
    the v2 ones has a piece at most: more would need hashes that are real."""
    version = draw(st.sampled_from(seeds.Version))
    most = 3 * PIECE if version == seeds.Version.V1 else PIECE
    paths = draw(st.lists(_paths, min_size=1, max_size=6).filter(is_tree))
    entries = [(path, draw(st.integers(0, most)), draw(_kinds)) for path in paths]
    entries[0] = (paths[0], draw(st.integers(1, most)), "file")
    info = {b"name": draw(_names).encode(), b"piece length": PIECE}
    if version != seeds.Version.V2:
        is_padded = version == seeds.Version.HYBRID or draw(st.booleans())
        info |= v1_part(entries, is_padded=is_padded)
    if version != seeds.Version.V1:
        info |= v2_part(entries)
    if version == seeds.Version.V2 and [len(path) for path in paths] == [1]:
        info[b"name"] = paths[0][0].encode()  # see the test of what differs on purpose
    return torrent(info)


def v1_part(entries, *, is_padded):
    files, total = [], 0
    # A hybrid has its files in the order of its tree (BEP 52).
    ordered = sorted((tuple(part.encode() for part in path), *more) for path, *more in entries)
    for path, size, kind in ordered:
        if kind == "link":
            files.append(file(*path, size=0, attr=b"l", symlink_path=[b"else", b"where"]))
            continue
        if is_padded and size and (short := -total % PIECE):
            files.append(file(b".pad", b"%d" % short, size=short, attr=b"p"))
            total += short
        files.append(file(*path, size=size))
        total += size
    return {b"files": files, b"pieces": b"x" * 20 * -(-total // PIECE)}


def v2_part(entries):
    tree: dict[bytes, Any] = {}
    for path, size, kind in entries:
        *folders, name = (part.encode() for part in path)
        at = tree
        for folder in folders:
            at = at.setdefault(folder, {})
        if kind == "link":
            at[name] = {b"": {b"attr": b"l", b"length": 0, b"symlink path": [b"else", b"where"]}}
        else:
            at[name] = leaf(size, ROOT if size else b"")
    return {b"meta version": 2, b"file tree": tree}


@settings(max_examples=50)
@given(torrents())
def test_every_sound_torrent_says_what_libtorrent_says(body):
    _magnet, found = metainfo.read(body)

    assert told(found) == as_libtorrent(body)


def test_what_is_read_otherwise_than_by_libtorrent_is_so_on_purpose():
    """libtorrent knows UTF-8 alone, and puts marks in place of other letters: whoever seeds such a
    torrent sees its own. Sizes and hashes are the same."""
    body = torrent(v1_info(file("кот.txt".encode("koi8-r"))), encoding=b"KOI8-R")

    found, theirs = told(metainfo.read(body)[1]), as_libtorrent(body)

    assert (found[3], [*theirs[3].values()]) == ({"work/кот.txt": 1}, [1])
    assert "work/кот.txt" not in theirs[3]
    assert (found[:3], found[4:]) == (theirs[:3], theirs[4:])


def test_a_folder_of_one_file_keeps_its_name_on_purpose():
    """Where a v2 tree is one file of another name than the torrent's, libtorrent names the torrent by its
    file. We keep the name, as the v1 half of a hybrid has it, and as its link says."""
    body = torrent(v2_info({b"a.txt": leaf()}))

    found, theirs = told(metainfo.read(body)[1]), as_libtorrent(body)

    assert (found[2], [*found[3]]) == ("work", ["work/a.txt"])
    assert (theirs[2], [*theirs[3]]) == ("a.txt", ["a.txt"])
    assert (found[:2], found[4:]) == (theirs[:2], theirs[4:])


@pytest.mark.parametrize("version", seeds.Version)
@pytest.mark.parametrize(
    "files", [{"": b"x" * 100_000}, {"a.txt": b"text", "b/été 公共.bin": b"b" * 100_000, "c": b""}]
)
def test_real_files_of_each_version_say_what_libtorrent_says(tmp_path, files, version):
    seed = seeds.make(tmp_path, "a work", files, version)

    magnet, found = metainfo.read(seed.body)

    assert (magnet.v1, magnet.v2) == (seed.v1 or None, seed.v2 or None)
    assert told(found) == as_libtorrent(seed.body)
    assert (magnet.name, magnet.length) == ("a work", found.total_size_bytes)
    assert (found.backend, found.num_peers) == ("file", 0)


def test_trackers_and_web_seeds_go_into_the_link():
    body = torrent(
        v1_info(file(b"a")),
        announce=TRACKER.encode(),
        **{"announce-list": [[TRACKER.encode(), b"http://b.example/"], [b"gopher://c.example"]]},
        **{"url-list": [SEED.encode(), b"http://127.0.0.1/"]},
    )

    magnet, _found = metainfo.read(body)

    assert magnet.trackers == (TRACKER, "http://b.example/")
    assert magnet.web_seeds == (SEED,)


def test_a_link_has_as_many_trackers_as_there_is_room_for():
    many = [[b"http://tracker-%d.example/announce" % n] for n in range(5000)]

    magnet, _found = metainfo.read(torrent(v1_info(file(b"a")), **{"announce-list": many}))

    assert magnet.trackers[0] == "http://tracker-0.example/announce"
    assert magnets.MAX_BYTES - 70 < len(magnet.uri()) <= magnets.MAX_BYTES
    assert magnets.parse(magnet.uri()) == magnet


def test_what_was_read_can_be_written_and_read_again(tmp_path):
    seed = seeds.make(tmp_path, "work", {"a": b"a" * 100_000}, seeds.Version.HYBRID)
    magnet, found = metainfo.read(seed.body)

    again, found_again = metainfo.read(present(metainfo.make(found, magnet)))

    assert (again, told(found_again)) == (magnet, told(found))


def test_a_path_can_not_lead_out():
    _magnet, found = metainfo.read(torrent(v1_info(file(b"..", b"..", b"etc", b"a/../b\\..\\c"))))

    assert [f.path for f in found.files] == ["work/_/_/etc/a_.._b/_/c"]


BROKEN = {
    "nothing": (b"", "not a .torrent"),
    "text": (b"<html>", "not a .torrent"),
    "a list": (b"le", "not a .torrent"),
    "cut off": (torrent(v1_info(file(b"a")))[:-3], "not a .torrent"),
    "a key twice": (b"d4:infode4:infodee", "not a .torrent"),
    "a string longer than it": (b"d4:info99999999:e", "not a .torrent"),
    "no info": (b"de", "no info section"),
    "info is text": (b"d4:info3:abce", "no info section"),
    "too deep": (b"d4:info" + b"l" * 200 + b"e" * 200 + b"e", "not a .torrent"),
    "no name": (torrent({b"piece length": 1}), "has no name"),
    "an empty name": (torrent(v1_info(file(b"a"), name=b"")), "has no name"),
    "no piece length": (torrent({b"name": b"a"}), "piece length"),
    "piece length 0": (torrent(v1_info(file(b"a"), piece_length=0)), "piece length"),
    "neither version": (torrent({b"name": b"a", b"piece length": 16384}), "neither piece hashes"),
    "a piece too many": (torrent(v1_info(file(b"a"), pieces=b"x" * 40)), "does not match its size"),
    "half a piece hash": (torrent(v1_info(file(b"a"), pieces=b"x" * 19)), "does not match its size"),
    "pieces a number": (torrent(v1_info(file(b"a"), pieces=7)), "does not match its size"),
    "both one and many": (torrent(v1_info(file(b"a"), length=1)), "no list of files"),
    "no files": (torrent(v1_info()), "no list of files"),
    "a file is text": (torrent(v1_info(b"a")), "list of files is broken"),
    "no path": (torrent(v1_info({b"length": 1})), "has no path"),
    "an empty path": (torrent(v1_info(file())), "has no path"),
    "a path of nothing": (torrent(v1_info(file(b""))), "has no path"),
    "a path of numbers": (torrent(v1_info(file(7))), "has no path"),
    "no size": (torrent(v1_info({b"path": [b"a"]})), "size of a file"),
    "a negative size": (torrent(v1_info(file(b"a", size=-1))), "size of a file"),
    "a huge size": (torrent(v1_info(file(b"a", size=1 << 60))), "size of a file"),
    "no content": (torrent(v1_info(file(b"a", size=0), pieces=b"")), "has no content"),
    "a later version": (torrent(v2_info({b"a": leaf()}, meta_version=3)), "not supported"),
    "v2 piece length": (torrent(v2_info({b"a": leaf()}, piece_length=20000)), "power of two"),
    "no tree": (torrent(v2_info({})), "no file tree"),
    "a file and a folder": (torrent(v2_info({b"a": leaf() | {b"b": leaf()}})), "tree is broken"),
    "an empty folder": (torrent(v2_info({b"a": {}})), "tree is broken"),
    "a nameless folder": (torrent(v2_info({b"": {b"a": leaf()}})), "tree is broken"),
    "no root hash": (torrent(v2_info({b"a": leaf(root=b"")})), "no root hash"),
    "a short root hash": (torrent(v2_info({b"a": leaf(root=b"r")})), "no root hash"),
    "two torrents in one": (torrent(v1_info(file(b"a")) | v2_info({b"b": leaf()})), "different files"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_refused_with_its_reason(body, reason):
    with pytest.raises(RefusedError, match=re.escape(reason)) as refused:
        metainfo.read(body)

    assert refused.value.field == "torrent"


def test_more_than_64_megabytes_are_refused_unread():
    with pytest.raises(RefusedError, match="at most 64 MB"):
        metainfo.read(b"d" * (metainfo.MAX_BYTES + 1))


@pytest.mark.parametrize("rest", [b"\n", b"\r\n", b" \t\0", b"\x1a", b"<!-- served by -->"])
def test_what_stands_behind_its_end_is_passed_over_with_a_note(rest):
    body = torrent(v1_info(file(b"a")))

    magnet, found = metainfo.read(body + rest)

    (note,) = magnet.notes
    assert found.info == metainfo.read(body)[1].info
    assert str(note).startswith(f"{len(rest)} byte")
    assert str(note).endswith("behind the end of the .torrent file are left out.") or len(rest) == 1
    assert metainfo.read(body)[0].notes == ()


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\n", b"\xef\xbb\xbf\r\n", b" \t"])
def test_blanks_and_marks_before_it_are_passed_over_with_a_note(start):
    body = torrent(v1_info(file(b"a")))

    magnet, found = metainfo.read(start + body)

    assert found.info == metainfo.read(body)[1].info
    assert str(magnet.notes[0]).startswith(f"{len(start)} byte")
    assert "before the .torrent file" in str(magnet.notes[0])


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (b"i0e", "1970-01-01T00:00:00+00:00"),
        (b"i1700000000e", "2023-11-14T22:13:20+00:00"),
        (b"i253370764799e", "9998-12-31T23:59:59+00:00"),
        *(
            (each, None)
            for each in (b"i253370764800e", b"i-1e", b"i999999999999999999e", b"5:today", b"le")
        ),
    ],
)
def test_the_date_at_which_it_was_made_is_read_or_named(written, at):
    body = torrent(v1_info(file(b"a")))
    dated = b"d13:creation date" + written + body[1:]

    magnet, found = metainfo.read(dated)

    assert (found.created_at and found.created_at.isoformat()) == at
    assert [str(note)[:35] for note in magnet.notes] == ["The creation date of the .torrent f"] * (
        at is None
    )
    metadata.save(found)
    assert metadata.load(found.magnet_hash) == found


def test_paths_of_a_hundred_parts_are_read_and_keep_the_name_of_their_file():
    tree = leaf(size=5)
    for _ in range(90):
        tree = {b"d": tree}

    _link, found = metainfo.read(torrent(v2_info({b"d": tree | {b"a.txt": leaf(size=1)}})))

    deep = found.files[-1] if found.files[-1].size == 5 else found.files[0]
    assert (found.total_size_bytes, deep.path.count("/")) == (6, sanitize.MAX_DEPTH - 1)


def test_a_file_of_empty_lists_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(bencode, "MAX_TOKENS", 20_000)
    body = b"d4:infol" + b"le" * (bencode.MAX_TOKENS // 2) + b"ee"

    with pytest.raises(RefusedError, match=r"not a \.torrent"):
        metainfo.read(body)


@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    body = bytearray(SOUND[data.draw(st.sampled_from(sorted(SOUND)))])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    try:
        magnet, found = metainfo.read(bytes(body))
    except RefusedError:
        return
    assert sanitize.is_of(magnet, found.info)
    assert found.magnet_hash == hashlib.sha1(found.info).hexdigest()


def test_random_bytes_are_refused():
    dice = random.Random(1)

    for length in range(200):
        with pytest.raises(RefusedError):
            metainfo.read(dice.randbytes(length))


def many(number: int, depth: int = 0) -> bytes:
    folders = [b"d"] * depth
    pieces = b"x" * 20 * -(-number // 16384)
    return torrent(v1_info(*(file(*folders, b"f%d" % n) for n in range(number)), pieces=pieces))


def many_v2(number: int) -> bytes:
    return torrent(v2_info({b"f%d" % n: leaf() for n in range(number)}))


BEYOND = {
    "files": (lambda: many(210_000), "has 210000 files; it may have at most 40000"),
    "files of v2": (lambda: many_v2(50_000), "has 50000 files; it may have at most 40000"),
    "a deep path": (lambda: many(1, 4000), "a path in it has 4001 parts, and may have at most 100"),
    "deep paths": (lambda: many(200, 4000), "more than 400000 names"),
    "deep folders": (lambda: many(40_000, 20), "more than 400000 names"),
    "numbers": (lambda: b"d4:infol" + b"i1e" * 3_000_000 + b"ee", "more than 400000 names"),
    "empty names": (lambda: b"d4:infol" + b"0:" * 4_000_000 + b"ee", "more than 400000 names"),
    "lists": (lambda: b"d4:infol" + b"le" * 2_000_000 + b"ee", "more than 400000 names"),
    "nesting": (lambda: b"d4:info" + b"l" * 300 + b"e" * 300 + b"e", "more than 110 levels"),
    "a deep tree": (
        lambda: b"d4:info" + b"d1:a" * 150 + b"le" + b"e" * 150 + b"e",
        "more than 110 levels",
    ),
    "trackers": (
        lambda: b"d13:announce-listl" + b"9:udp://a.b" * 99_999 + b"e4:infod4:name1:aee",
        "have 1099991 bytes; they may have at most 1048576",
    ),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_bound_is_told_by_it_and_costs_little(name):
    make_body, reason = BEYOND[name]
    body = make_body()
    begun = time.process_time()

    with pytest.raises(RefusedError, match=reason) as refused:
        metainfo.read(body)

    assert time.process_time() - begun < 0.6  # 0.2 on a quiet machine
    assert refused.value.field == "torrent"


@pytest.mark.parametrize("make_body", [lambda: many(40_000), lambda: many(12_000, 20),
                                       lambda: many_v2(39_000)])  # fmt: skip
def test_the_largest_that_is_read_costs_a_second(make_body):
    body = make_body()
    begun = time.process_time()

    _magnet, found = metainfo.read(body)

    assert len(found.files) == found.file_count >= 12_000
    assert time.process_time() - begun < 3  # 0.7 on a quiet machine
