"""How texts become terms. `assets/search-index.js` does the same; a test holds them together.

Words of scripts that put spaces between words are terms. Chinese and Japanese don't, so that
each pair of neighbouring characters is one.
"""

from __future__ import annotations

import re
import unicodedata

MAX_LETTERS = 40
"""Of a longer word, so many begin the term."""
# Written out, so that Python's edition of Unicode and the browser's can't disagree: Han, Kana
# and the marks that stand among them.
UNSPACED = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001aff0-\U0001b16f\U00020000-\U000323af"
)
_RUN = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")


class _Unmarked(dict[int, int | None]):
    """Which code points stay: all but marks."""

    def __missing__(self, code: int) -> int | None:
        self[code] = kept = None if unicodedata.category(chr(code))[0] == "M" else code
        return kept


_UNMARKED = _Unmarked()


def fold(text: str) -> str:
    """Without accents and case, and in one spelling: `Ｃafé №1` → `cafe no1`."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text).translate(_UNMARKED)
    return unicodedata.normalize("NFC", bare.lower()).replace("ς", "σ")


def runs(text: str) -> list[str]:
    """Words, and stretches of Chinese or Japanese, in their order: `第3集 Café` → 第 3 集 cafe."""
    found: list[str] = _RUN.findall(fold(text))
    return found


def is_unspaced(run: str) -> bool:
    """Whether a run is Chinese or Japanese."""
    return _IS_UNSPACED.match(run) is not None


def pairs(run: str) -> list[str]:
    """Neighbouring characters: 图书馆 → 图书 书馆."""
    return [run[i : i + 2] for i in range(len(run) - 1)]


def terms(text: str) -> list[str]:
    """What a text is found by. The last character of a stretch is in no pair's first place, so
    it is a term of its own: each character begins a term."""
    found: list[str] = []
    folded = fold(text)
    is_ascii = folded.isascii()
    for run in _RUN.findall(folded):
        if is_ascii or not is_unspaced(run):
            found.append(run[:MAX_LETTERS])
        else:
            found += [*pairs(run), run[-1]]
    return found
