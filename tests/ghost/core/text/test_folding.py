"""Two texts that people would take for the same are one."""

import unicodedata

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
    ("Schitt's Creek", "Schitts Creek", "Schitt′s Creek", "Schitt´s creek", "Schitt‛s Creek", "Schittʹs Creek"),
    ("Amélie", "Amelie", "AME\u0301LIE", "Am\ufe0f\u00ade\U000e0041lie"),
    ("Đặng Văn", "dang van", "ĐẶNG VĂN"),
    ("İstanbul", "istanbul", "ISTANBUL", "ıstanbul"),
    ("ſtraſſe", "Straſſe", "STRASSE"),
    ("ΟΔΟΣ", "οδός", "οδοσ"),
    ("ﬁne ﬄuﬀ", "fine ffluff"),
    ("ﷺ", "صلى الله عليه وسلم"),
    ("圖書館", "图书馆"),
    ("臺灣 後 髮", "台湾 后 发"),
    ("עִבְרִית", "עברית"),
    ("العَرَبِيَّة", "العربية", "العـــربية"),
    ("کتاب ی", "كتاب ي"),
    ("ज़रा", "जरा", "\u091c\u093cरा"),
    ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af", "하\u11abㄱㅡ\u11af"),
    ("パーティー", "ぱーてぃー", "ﾊﾟｰﾃｨｰ", "は\u309aーてぃー"),
    ("Ɗan Ƙano", "dan kano"),
    ("Ꮳ", "ꮳ"),
    ("\U00010d50", "\U00010d70"),
]  # fmt: skip


@pytest.mark.parametrize("texts", ALIKE, ids=lambda texts: texts[0])
def test_texts_that_look_alike_are_one(texts):
    assert len({fold(text) for text in texts}) == 1
    assert len({name_key(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "Eve"),
        ("C", "C++"),
        ("が", "か"),
        ("राम", "रमा"),
        ("第1", "第2"),
        ("🎬", "🎥"),
        ("ปี", "ปู"),
        ("ড", "ড়"),
        ("ਸ", "ਸ਼"),
        ("한", "하"),
        ("பா", "பி"),
        ("\ue000", "\ue001"),
        ("\U0003fff0", "\U0003fff1"),
    ],
)
def test_texts_that_differ_are_two(one, other):
    assert fold(one) != fold(other)
    assert name_key(one) != name_key(other)


def test_a_name_is_its_letters_digits_and_signs():
    names = ["Internet-Archive", "internet archive", "InternetArchive", "Internet‐Archive."]

    assert {name_key(name) for name in names} == {"internetarchive"}
    assert name_key("!!!") == "!!!"


@given(st.text(st.characters()))
def test_what_is_folded_stays_so(text):
    folded = fold(text)

    assert fold(folded) == folded
    assert len(folded) <= 18 * len(text)
    assert not any("\ufdd0" <= char <= "\ufdef" for char in folded)
    assert name_key(name_key(text)) == name_key(text)
    assert len(name_key(text * 40)) <= 400


@given(st.text())
def test_composition_makes_no_difference(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_each_code_point_is_folded_at_once_and_its_small_letter_the_same():
    points = list(
        map(chr, (*range(0x32000), *range(0xE0000, 0xE1000)))
    )  # beyond, nothing is assigned

    assert [char for char in points if fold(fold(char)) != fold(char)] == []
    for other in (str.lower, str.upper, str.casefold):
        assert [char for char in points if fold(other(char)) != fold(char)] == []
    for form in ("NFC", "NFD"):
        assert [c for c in points if fold(unicodedata.normalize(form, c)) != fold(c)] == []
