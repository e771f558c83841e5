"""Words in one line."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.text.unicode import lines, one_line


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  a\n b\tc ", "a b c"),
        ("e\u0301", "é"),
        ("rtl\u202egpj.exe", "rtl gpj.exe"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("\u200d \u200c", ""),
        ("\ufeff\u200b", ""),
        ("zero\u200b\u2060width\ufeff", "zerowidth"),
        ("e\u200b\u0301", "é"),
        ("\u2068Ada\u2069’s", "Ada’s"),
        ("\u05d0\u200f C++", "\u05d0\u200f C++"),
        ("\U00010d50\U0001e6ff\ue000\U0003ffff", "\U00010d50\U0001e6ff\ue000"),
        ("a\ufdd0b\ud800c\U0010fffe", "a b c"),
        ("\u2065\U000e0fff\ufff0", ""),
    ],
)
def test_one_line_keeps_what_is_written_and_nothing_else(typed, shown):
    assert one_line(typed) == shown


@given(st.text(st.characters()))
def test_what_is_one_line_stays_so(text):
    line = one_line(text)

    assert one_line(line) == line
    assert unicodedata.is_normalized("NFC", line)


def test_every_code_point_stays_but_those_that_are_no_text():
    lost = {c for c in range(sys.maxunicode + 1) if one_line(f"a{chr(c)}b") in ("ab", "a b")}

    noncharacters = {*range(0xFDD0, 0xFDF0), *(c for c in lost if c & 0xFFFE == 0xFFFE)}
    turning = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF}
    controls = {c for c in lost if unicodedata.category(chr(c)) in ("Cc", "Cs")}
    spaces = {c for c in lost if unicodedata.category(chr(c)) in ("Zs", "Zl", "Zp")}
    assert lost == noncharacters | turning | controls | spaces
    assert (len(noncharacters), len(controls)) == (66, 65 + 2048)


@given(st.text(st.characters()))
def test_lines_keep_what_one_line_keeps_and_their_ends(text):
    kept = lines(text)

    assert lines(kept) == kept
    assert one_line(kept) == one_line(text)
    assert kept.count("\n") == text.count("\n")
