"""Slugs: what of a name may stand in an address."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources import slugs, tags


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("C++ & 数据 Sets", "c-plus-plus-and-数据-sets"),
        ("हिन्दी", "हिन्दी"),
        ("1\ufe0f\u20e3 First", "1-first"),
        ("葛\U000e0100城", "葛城"),
        ("linux\ufe0f", "linux"),
        ("می\u200cخواهم", "میخواهم"),
        ("Lin\u200bux\u034f", "linux"),
        ("\U00016ea0\U0003fff0", "\U00016ea0\U0003fff0"),
        ("CON", "x-con"),
        ("nul", "x-nul"),
        ("COM¹", "x-com1"),
        ("Conin$", "x-conin"),
        ("lpt9.", "x-lpt9"),
        ("com10", "com10"),
        ("console", "console"),
    ],
)
def test_letters_and_their_marks_stay(name, slug):
    assert slugs.make(name) == slug


@pytest.mark.parametrize("name", ["❤️", "\ufe0f", "\u20dd", "\u3164", "\u0301", "!!!"])
def test_name_without_letters_or_digits_becomes_a_digest(name):
    slug = slugs.make(name)

    assert slug.isascii()
    assert (slug[:2], len(slug)) == ("x-", 10)


def test_signs_stay_different_tags():
    signs = ["❤️", "☀️", "✈️"]

    assert tags.clean(signs) == signs


@given(st.text(st.characters()))
def test_a_slug_is_its_own_slug_and_safe_as_a_name(text):
    slug = slugs.make(text)

    assert slugs.make(slug) == slug
    assert unicodedata.is_normalized("NFC", slug)
    assert 0 < len(slug.encode()) <= slugs.MAX_BYTES
    assert not set('/\\.:*?"<>| ') & set(slug)


def test_each_third_code_point_gives_a_slug_that_is_its_own():
    known = [c for c in map(chr, range(0x20000)) if not "\u4e00" <= c <= "\udfff"]
    made = {slugs.make(f"a{char}b") for char in [*known[::3], "\u9fff", "\U0002a6df", "\U0003fff0"]}

    assert {slugs.make(slug) for slug in made} == made
    assert all(unicodedata.is_normalized("NFC", slug) for slug in made)


@pytest.mark.parametrize(
    ("one", "other"), [("☃", "☃\ufe0f"), ("🏳️\u200d🌈", "🏳🌈"), ("C\ufe0f", "C")]
)
def test_what_only_changes_how_signs_are_drawn_makes_no_twin(one, other):
    assert slugs.make(one) == slugs.make(other)
