"""The decoder of what trackers say."""

from __future__ import annotations

from typing import Any

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.torrents import bencode
from resources.torrents.bencode import BencodeError

values = st.recursive(
    st.integers(-(10**18), 10**18) | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner),
    max_leaves=20,
)


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l%se" % b"".join(map(encode, value))
    return b"d%se" % b"".join(encode(k) + encode(v) for k, v in sorted(value.items()))


@given(values)
def test_decode_reads_what_was_encoded(value):
    assert bencode.decode(encode(value), max_depth=30) == value


def test_decode_reads_what_libtorrent_wrote():
    value: Any = {b"files": {b"\xff" * 20: {b"complete": 3, b"incomplete": 0}}, b"l": [1, b""]}

    assert bencode.decode(lt.bencode(value)) == value


@given(st.binary(max_size=60) | st.text("0123456789:-ilde", max_size=60).map(str.encode))
def test_decode_refuses_or_reads_whatever_comes(body):
    try:
        value = bencode.decode(body)
    except BencodeError:
        return
    canonical = encode(value)
    assert sorted(canonical) == sorted(body)  # but for the order of keys


@pytest.mark.parametrize(
    "body",
    [
        b"", b"i", b"ie", b"i-e", b"i-0e", b"i01e", b"i+1e", b"i1", b"i1_0e", b"i 1e",
        b"i" + b"9" * 20 + b"e", b"i" + b"9" * 5000 + b"e", "i١e".encode(),
        b"1:", b"01:a", b"-1:a", b"3:ab", b"99999999999:a", b"9999999999:a",
        b"l", b"li1e", b"d", b"d1:a", b"d1:ae", b"di1ei1ee", b"d1:ai1e1:ai2ee",
        b"e", b"le1", b"i1ei2e", b"i1e\n", b"<html>",
    ],
)  # fmt: skip
def test_decode_refuses_what_is_not_bencoded(body):
    with pytest.raises(BencodeError, match=r"not bencoded \(byte \d+\)"):
        bencode.decode(body)


@pytest.mark.parametrize("bomb", [b"l" * 100_000, b"d0:" * 30_000, b"l" * 9 + b"e" * 9])
def test_decode_refuses_deep_nesting(bomb):
    with pytest.raises(BencodeError, match="nested too deeply"):
        bencode.decode(bomb, max_depth=8)


def test_decode_reads_up_to_its_depth():
    assert bencode.decode(b"lllleeee", max_depth=4) == [[[[]]]]


def test_decode_refuses_what_is_too_large():
    with pytest.raises(BencodeError, match="larger than 1,000 bytes"):
        bencode.decode(b"1000:" + b"x" * 1000, max_bytes=1000)


def test_decode_takes_keys_that_are_not_sorted():
    assert bencode.decode(b"d1:bi1e1:ai2ee") == {b"b": 1, b"a": 2}
