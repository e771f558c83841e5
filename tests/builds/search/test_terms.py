"""Terms are the same in Python, which writes the index, and in the browser, which asks it."""

from __future__ import annotations

import json
import random
import sys
import unicodedata

import pytest

from builds.render import hugo
from builds.search.terms import MAX_LETTERS, is_unspaced, pairs, runs, terms
from ghost.core.text.folding import TABLE, fold
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


def test_a_word_with_an_apostrophe_is_found_whole_and_by_its_parts():
    assert terms("L’Homme") == ["lhomme", "l", "homme"]
    assert terms("Rock`n") == ["rockn", "rock", "n"]


@needs_chromium
def test_the_browser_makes_the_same_folds_runs_and_pairs(serve):
    """Of nasty texts, of every code point, and of many in any order."""
    points = [chr(code) for code in range(sys.maxunicode + 1)]
    every = "".join(f"a{char}b " for char in points)
    chance = random.Random(13)  # no secret
    loose = [char for char in points if is_loose(char)]
    mixed = [
        "".join(chance.choice(chance.choice((points, loose))) for _ in range(12))
        for _ in range(1_500)
    ]
    texts = [*NASTY, *mixed]
    root = serve(hugo.FILES)

    with visit() as seen:
        seen.page.goto(f"{root}/assets/favicon.svg")
        seen.page.evaluate(
            """async () => {
              const { Fold } = await import("/assets/fold.js");
              window.fold = await Fold.open("/assets/fold-table.json", "/assets/fold-han.json");
              window.own = await import("/assets/search-index.js");
              await fold.prepare("史");
            }"""
        )
        told = seen.page.evaluate(
            """(texts) => texts.map((text) =>
              [fold.fold(text), fold.runs(text).map((run) => [run, own.pairs(run)]), fold.isUnspaced(text)])""",
            texts,
        )
        of_every = seen.page.evaluate(
            """() => {
              const points = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code));
              return fold.runs(points.map((char) => `a${char}b `).join("")).join(" ");
            }"""
        )

    assert told == [
        [fold(text), [[run, pairs(run)] for run in runs(text)], is_unspaced(text)] for text in texts
    ]
    assert of_every == " ".join(runs(every))


def is_loose(char: str) -> bool:
    """Whether it may join what stands before it."""
    return unicodedata.category(char)[0] == "M" or "\u1100" <= char <= "\u11ff"


@needs_chromium
def test_a_query_without_han_needs_no_table_of_han(serve):
    root = serve(hugo.FILES)

    with visit() as seen:
        seen.page.goto(f"{root}/assets/favicon.svg")
        sizes = seen.page.evaluate(
            """async () => {
              const { Fold } = await import("/assets/fold.js");
              const fold = await Fold.open("/assets/fold-table.json", "/assets/fold-han.json");
              const fetched = () => performance.getEntriesByType("resource").map((each) => each.name);
              await fold.prepare("Café 데이터 カナ".replace(/[カナ]/gu, "x"));
              const before = fetched().filter((name) => name.endsWith("fold-han.json")).length;
              await fold.prepare("圖");
              return [before, fetched().filter((name) => name.endsWith("fold-han.json")).length, fold.fold("圖")];
            }"""
        )

    assert sizes == [0, 1, "图"]


def test_the_tables_of_the_site_are_those_of_the_fold():
    of_site = [
        json.loads((hugo.FILES / f"assets/fold-{name}.json").read_text())
        for name in ("table", "han")
    ]

    assert {**of_site[0], "han": of_site[1]} == TABLE


@pytest.mark.parametrize("text", ["图书馆", "データ", "々"])
def test_chinese_and_japanese_are_unspaced(text):
    assert is_unspaced(text)
