"""Slugs: what of a name may stand in an address."""

import pytest

from resources import slugs, tags


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("C++ & 数据 Sets", "c-plus-plus-and-数据-sets"),
        ("हिन्दी", "हिन्दी"),
        ("1\ufe0f\u20e3 First", "1-first"),
        ("葛\U000e0100城", "葛城"),
        ("linux\ufe0f", "linux"),
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
