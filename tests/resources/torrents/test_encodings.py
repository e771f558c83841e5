"""Names of torrents in whatever encoding their makers' computers had."""

from __future__ import annotations

import codecs
from encodings.aliases import aliases

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dht.engine import libtorrent_values
from ghost.core.errors import RefusedError
from resources.torrents import encodings, metainfo, sanitize
from resources.torrents.magnets import Magnet
from tests.resources.torrents.test_bencode import encode

ENCODINGS = sorted(
    name for name in set(aliases.values())
    if encodings.codec(name) and codecs.lookup(name)._is_text_encoding
)  # fmt: skip
NAMES = {
    "big5": ["無間道.avi", "駭客任務", "圖書館 第一章.txt"],
    "gbk": ["红楼梦.txt", "第一集.mkv", "高清电影"],
    "gb18030": ["中华人民共和国.txt"],
    "shift_jis": ["となりのトトロ.mkv", "千と千尋の神隠し"],
    "euc_jp": ["となりのトトロ.mkv", "千と千尋の神隠し"],
    "euc_kr": ["기생충.mkv", "올드보이 자막"],
    "koi8_r": ["Война и мир.avi", "Сталкер"],
    "cp1251": ["Война и мир.avi", "Сталкер"],
    "cp866": ["Война и мир.avi", "Сталкер"],
    "cp1250": ["Příliš žluťoučký kůň.txt"],
    "cp1252": ["Amélie.mkv", "Où est la bibliothèque"],
    "cp1253": ["Ελληνική ταινία.avi"],
    "cp1254": ["Şarkı İğne.mp3"],
    "cp1255": ["שלום עולם.avi"],
    "cp1256": ["مرحبا بالعالم.txt"],
    "cp874": ["สวัสดีชาวโลก.txt"],
    "cp850": ["Café.txt", "Amélie à Noël.mkv"],
    "iso2022_jp": ["日本語.txt", "となりのトトロ.mkv"],
    "iso2022_kr": ["올드보이 자막"],
}


def info(names):
    files = [{b"length": 1, b"path": [name]} for name in names]
    return {b"name": b"work", b"piece length": 16384, b"pieces": b"x" * 20, b"files": files}


def torrent(names, **more):
    keys = {key.encode(): value for key, value in more.items()}
    return encode({b"info": info(names)} | keys)


def paths(found):
    return [file.path.removeprefix("work/") for file in found.files]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_declared_encoding_is_used(encoding):
    letters = "äöüé авс ひら 漢字 한글 שלום ไทย abc ćž"
    name = "".join(c for c in letters if _can(c, encoding)).strip() or "abc"

    named = info([name.encode(encoding)]) | {b"name": "work".encode(encoding)}
    _link, found = metainfo.read(encode({b"info": named, b"encoding": encoding.encode()}))

    raw = name.encode(encoding).decode(encoding)
    assert paths(found) == [sanitize.clean_name(raw)], name


def _can(char, encoding):
    try:
        return char.encode(encoding).decode(encoding) == char
    except (UnicodeError, ValueError):
        return False


@pytest.mark.parametrize(
    "label", ["Shift-JIS", "GBK", "windows-1251", "x-sjis", " EUC_KR", "Big-5"]
)
def test_spellings_of_an_encoding_are_known(label):
    assert encodings.codec(label) is not None


@pytest.mark.parametrize("label", ["", "rot13", "idna", "hex", "nonsense", "x" * 5000, "../a"])
def test_what_is_no_encoding_is_none(label):
    assert encodings.codec(label) is None


@pytest.mark.parametrize("encoding", NAMES)
def test_encoding_that_nobody_declares_is_guessed_from_all_names(encoding):
    names = NAMES[encoding]

    _link, found = metainfo.read(torrent([name.encode(encoding) for name in names]))

    assert paths(found) == names


def test_names_in_utf_8_stay_so_among_others():
    japanese = "となりのトトロ.mkv"
    raw = [
        "日本語の本.txt".encode(),
        "Война и мир".encode(),
        japanese.encode("shift_jis"),
        b"a.txt",
    ]

    _link, found = metainfo.read(torrent(raw))

    assert paths(found) == ["日本語の本.txt", "Война и мир", japanese, "a.txt"]


@pytest.mark.parametrize("declared", [b"GBK", b"Big5", b"windows-1251", b"Shift_JIS", b"EUC-KR"])
def test_names_in_utf_8_are_read_so_whatever_is_declared(declared):
    names = ["日本語の本.txt", "Война и мир", "Amélie.mkv"]

    _link, found = metainfo.read(torrent([each.encode() for each in names[:2]], encoding=declared))

    assert paths(found) == names[:2]


def test_number_of_a_code_page_is_a_declaration():
    _link, found = metainfo.read(torrent(["第一集".encode("gbk")], codepage=936))

    assert paths(found) == ["第一集"]


def test_encoding_by_which_a_name_would_have_controls_is_not_taken():
    _link, found = metainfo.read(torrent(["“naïve”".encode("cp1252")], encoding=b"iso-8859-1"))

    assert paths(found) == ["“naïve”"]


def test_names_in_utf_8_win():
    file = {b"length": 1, b"path": ["é".encode("cp866", "replace")], b"path.utf-8": ["é".encode()]}
    plain = info([]) | {b"files": [file], b"name": b"\xe9", b"name.utf-8": "été".encode()}

    link, found = metainfo.read(encode({b"info": plain, b"encoding": b"GBK"}))

    assert (found.name, link.name, found.files[0].path) == ("été", "été", "été/é")


def test_names_under_utf_8_that_are_none_do_not():
    plain = info([b"a"]) | {b"name": b"work", b"name.utf-8": b"\xff\xfe"}

    assert metainfo.read(encode({b"info": plain}))[1].name == "work"


@settings(max_examples=50)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.sampled_from(
                    [b".", b"..", b"", b"A", b"a", b"dir\\sub\\a.txt", b"x/y", b"\xe9", b"n" * 400]
                ),
                st.text(max_size=6).map(lambda t: t.encode("utf-8", "surrogatepass")),
                st.binary(max_size=5),
            ),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_upload_and_probe_give_the_same_names(listed):
    files = [{b"length": 7, b"path": path} for path in listed]
    body = encode({b"info": info([]) | {b"files": files}})
    try:
        uploaded = metainfo.read(body)[1]
        known = lt.load_torrent_buffer(body).ti
    except (RefusedError, RuntimeError):
        return

    assert known is not None
    probed = sanitize.metadata(Magnet(uploaded.v1, None), libtorrent_values.torrent(known), 0)

    assert probed is not None
    assert (probed.name, probed.files) == (uploaded.name, uploaded.files)
    layout = known.layout()
    assert probed.total_size_bytes == sum(map(layout.file_size, range(layout.num_files())))
