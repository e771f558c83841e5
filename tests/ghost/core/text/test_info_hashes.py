"""Hashes are found however people write and hide them, and a masked text names none of them."""

from __future__ import annotations

import base64
import html
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.text.info_hashes import MASK, is_free, masked, named

V1, V2 = "da39a3ee5e6b4b0d3255bfef95601890afd80709", "e3b0c44298fc1c149afbf4c8996fb924" * 2


def groups(digits: str, size: int, between: str) -> str:
    return between.join(digits[at : at + size] for at in range(0, len(digits), size))


def wide(digits: str) -> str:
    return "".join(chr(ord(each) - ord("!") + 0xFF01) for each in digits)


def base32(digits: str) -> str:
    return base64.b32encode(bytes.fromhex(digits)).decode()


SPELLED = [
    V1,
    V1.upper(),
    base32(V1),
    base32(V1).lower(),
    f"x{V1}",
    f"hash:{V1}.",
    f"magnet:?xt.1=urn:btih:{V1}&dn=x",
    quote(f"magnet:?xt=urn:btih:{base32(V1)}", safe=""),
    quote(quote(f":{V1}", safe=""), safe=""),
    f"magnet:?dn=x&amp;xt=urn:btih:{V1}",
    "".join(f"&#{ord(each)};" for each in V1),
    "".join(f"%{ord(each):02x}" for each in V1),
    f"{V1[:20]}\u200b{V1[20:]}",
    f"{V1[:20]}\u00ad{V1[20:]}",
    f"{V1[:20]}&shy;{V1[20:]}",
    f"{V1[:20]}*{V1[20:]}*",
    f"{V1[:20]}<b></b>{V1[20:]}",
    f"{V1[:20]}\\\n  {V1[20:]}",
    f"> {V1[:20]}\n> {V1[20:]}",
    f"face\n{V1}",
    f"dead *{V1}*",
    groups(V1, 4, " "),
    groups(V1, 2, ":"),
    groups(V1, 8, "-"),
    groups(base32(V1), 4, " "),
    wide(V1),
    "".join(f"{each}\u0332" for each in V1),
    f"10%{V1}",
    f"&#x{V1}",
    f"&#x{V1[:20]}&shy;{V1[20:]}",
    f"code\u2800{V1}",
    f"code\u3164{V1[:20]}\u200b{V1[20:]}",
    f"code\u200b{base32(V1)}",
    f"{V1[:20]}\r{V1[20:]}",
    f"{V1[:20]}\r\n{V1[20:]}",
    f"{V1[:20]}&#13;{V1[20:]}",
    f"{V1[:20]}<a href='{'x' * 300}'></a>{V1[20:]}",
    *(f"{V1[:20]}{mark}{V1[20:]}" for mark in "\U0001bca0\u1dc0\ufe20\u0483\u2028"),
]
SPELLED_V2 = [V2, f"urn:btmh:1220{V2}", f"1220{V2.upper()}", groups(f"1220{V2}", 4, " ")]


@pytest.mark.parametrize("text", SPELLED)
def test_a_v1_hash_is_found_and_masked(text):
    words = f"see {text} there"

    assert V1 in named(words)
    assert V1 not in named(masked(words, {V1}))
    assert V1 not in masked(words, {V1}).lower()


@pytest.mark.parametrize("text", SPELLED_V2)
def test_a_v2_hash_is_found_and_masked(text):
    assert V2 in named(text)
    assert V2 not in named(masked(text, {V2}))


@pytest.mark.parametrize(
    "text",
    [
        "", "some words", V1[:39], f"{V1}0", "f" * 128,
        "2024 1080 7200 1234 5678 9012 3456 7890 1234 5678",
        "Donaudampfschifffahrtsgesellschaft", "this that some more like them were here",
    ],
)  # fmt: skip
def test_what_is_none_is_left(text):
    assert named(text) == set()


def test_what_is_not_blocked_stays_and_words_around_it_too():
    other = "ab" * 20

    assert masked(f"a {V1}, b {other} c", {V1}) == f"a {MASK}, b {other} c"
    assert masked(f"a {V1}", ()) == f"a {V1}"


PARTS = st.sampled_from(
    [
        V1, V1.upper(), base32(V1), V1[:17], V1[17:], f"1220{V2}", " ", "\n", "*", "_", "`", "&shy;",
        "&#100;", "%64", "\u200b", "> ", "- ", "face", "x", "[", "](", ")", "<b>", ":", "\\", "é",
    ]
)  # fmt: skip


@given(st.lists(PARTS, max_size=12).map("".join))
def test_whatever_stands_around_it_a_masked_text_names_it_no_more(text):
    hidden = masked(text, {V1, V2})

    assert not {V1, V2} & named(hidden)
    assert (hidden == text) == is_free(text, {V1, V2})
    assert V1 not in hidden.lower()
    assert base32(V1).lower() not in hidden.lower()


@given(st.text(max_size=60), st.sampled_from([V1, V1.upper(), base32(V1), f"1220{V1}"]))
def test_alone_among_any_words_it_is_found(words, spelled):
    assert V1 in named(f"{html.escape(words)} {spelled}")


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "ab " * 33_000, "abcd:" * 20_000, "<" * 100_000, "&amp;" * 20_000,
     "%25" * 33_000, "&%25" * 25_000, "&#37;25" * 14_000, "\ufdfa" * 33_000, "a\u200b" * 25_000, f"{V1} " * 2_400, "very long words\n" * 6_000],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_the_longest_text_takes_a_moment(text):
    start = time.thread_time()

    named(text)

    assert time.thread_time() - start < 0.3


@pytest.mark.parametrize("sign", ["\t", " ", "\n", "\r\n", "<", "&", "&#", "%25", "ab ", "\u0301"])
def test_a_long_row_of_one_sign_takes_little_time(sign):
    text = f"x{(sign * 100_000)[:99_000]}y"
    began = time.process_time()

    named(text)

    assert time.process_time() - began < 2  # of tabs it was twenty
