"""Terms are the same in Python, which writes the index, and in the browser, which asks it."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from builds.render import hugo
from builds.search.terms import MAX_LETTERS, fold, is_unspaced, pairs, runs, terms
from tests.browser import needs_chromium, visit

NASTY = [
    "", " ", "\0", "Café CAFÉ cafe\u0301", "ﬁne ﬀ ½ ① ² №5 ㎏ ㌔", "İstanbul ISTANBUL ıI", "ΟΔΟΣ ὀδός Σ ΣΑΣ.",
    "straße STRASSE ẞ", "图书馆", "第3集C语言abc", "日本語のテスト ﾊﾟﾋﾟﾌﾟ ガギグ", "々〆〇ヶー", "𠀀𠀁𪜀x𠀂", "한국어 한글 ㅎㅏㄴ",
    "हिन्दी ไทย العَرَبِيَّة עִבְרִית", "a_b-c.d/e\\f'g’h", "e\u0301\u0327\u0323x", "👩‍👩‍👧 ©®™", "x\u200dy\u200bz\ufeffw", "㐀䶿一鿿豈",
    "\ud800a\udfff", "Ǆ ǅ ǆ Å Å ſ K", "٣٤ १२ Ⅳ ⅳ ㉈ 〸", "<script>\"&amp;'", "a" * 50, "図" * 50, "Ạ̧́̈B", "ʼn ŉ ẚ ΐ", "\u1100\u1161\u11a8",
    "ѐ й Ё ї", "ﷺ", "ａＢ１", "〱〵〻〼", "ゟヿ゛゜", "㋿", "é\u0345α\u0345", "ᾳ ᾼ", "ꙮ ᲀ Ა ა", "tab\tnew\nline",
]  # fmt: skip
"""Accents, ligatures, case that changes lengths, marks without a letter, halves of pairs."""


def test_fold_drops_accents_case_and_spellings():
    assert fold("Ｃafé №1 ΟΔΟΣ") == "cafe no1 οδοσ"


def test_runs_split_between_scripts():
    assert runs("第3集 C语言, Café_del Mar") == ["第", "3", "集", "c", "语言", "cafe", "del", "mar"]


def test_pairs_go_by_characters_not_code_units():
    assert pairs("𠀀𠀁书") == ["𠀀𠀁", "𠀁书"]


def test_each_character_of_a_stretch_begins_a_term():
    assert (terms("图书馆")) == ["图书", "书馆", "馆"]


def test_long_words_are_cut():
    assert (terms("x" * 99)) == ["x" * MAX_LETTERS]


@needs_chromium
def test_the_browser_makes_the_same_runs_and_pairs(serve):
    """Of nasty texts, and of every character that this Python knows."""
    known = [chr(code) for code in range(sys.maxunicode + 1) if _is_known(chr(code))]
    every = "".join(f"a{char}b " for char in known)
    root = serve(hugo.FILES)

    with visit() as seen:
        seen.page.goto(f"{root}/assets/favicon.svg")
        seen.page.evaluate("async () => { window.own = await import('/assets/search-index.js'); }")
        told = seen.page.evaluate(
            "(texts) => texts.map((text) => own.runs(text).map((run) => [run, own.pairs(run)]))",
            NASTY,
        )
        of_every = seen.page.evaluate("(text) => own.runs(text).join(' ')", every)

    assert told == [[[run, pairs(run)] for run in runs(text)] for text in NASTY]
    assert len(known) > 140_000
    assert of_every == " ".join(runs(every))


def _is_known(char: str) -> bool:
    """Assigned in this edition of Unicode; private ones and halves of pairs are no text."""
    return unicodedata.category(char) not in ("Cn", "Co", "Cs")


@pytest.mark.parametrize("text", ["图书馆", "データ", "々"])
def test_chinese_and_japanese_are_unspaced(text):
    assert is_unspaced(text)
