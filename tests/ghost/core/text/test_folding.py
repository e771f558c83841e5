"""Two texts that people would take for the same are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.text.folding import fold, name_key

ALIKE = [
    ("Ada", "ADA", "ada", "Ａｄａ", "Adá", "ａ\u0301da", "Ada\u200b", "A\u200dd\u200ca", "A\u034fda\ufe0f", "\u2060Ada\u00ad"),
    ("Straße", "STRASSE", "strasse"),
    ("Ørsted Łódź", "orsted lodz"),
    ("Œuvre", "oeuvre"),
    ("Þór", "thor"),
    ("Kırmızı", "kirmizi"),
    ("カナ", "かな", "ｶﾅ"),
    ("O'Brien", "O’Brien", "OBrien", "Oʼbrien"),
    ("Tom & Jerry", "Tom and Jerry", "Tom  ＆  Jerry"),
]  # fmt: skip


@pytest.mark.parametrize("texts", ALIKE, ids=lambda texts: texts[0])
def test_texts_that_look_alike_are_one(texts):
    assert len({fold(text) for text in texts}) == 1
    assert len({name_key(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "Eve"), ("C", "C++"), ("が", "か"), ("राम", "रमा"), ("第1", "第2"), ("🎬", "🎥")],
)
def test_texts_that_differ_are_two(one, other):
    assert fold(one) != fold(other)
    assert name_key(one) != name_key(other)


def test_a_name_is_its_letters_digits_and_signs():
    names = ["Internet-Archive", "internet archive", "InternetArchive", "Internet‐Archive."]

    assert {name_key(name) for name in names} == {"internetarchive"}
    assert name_key("!!!") == "!!!"


@given(st.text())
def test_what_is_folded_stays_so(text):
    assert fold(fold(text)) == fold(text)
    assert len(name_key(text * 40)) <= 400
