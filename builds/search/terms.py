"""How texts become terms. `assets/fold.js` does the same; a test holds them together.

Words of scripts that put spaces between words are terms. Chinese and Japanese don't, so that
each pair of neighbouring characters is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ghost.core.text.folding import APOSTROPHES, NO_WORD, UNSPACED, fold, is_plain

MAX_LETTERS = 40
"""Of a longer word, so many begin the term."""
_RUN = re.compile(f"[{UNSPACED}]+|[^{NO_WORD}{UNSPACED}]+")
_ASCII_RUN = re.compile("[0-9a-z]+")
"""The same, where nothing else can be."""
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")
_APOSTROPHE = re.compile(f"[{APOSTROPHES}]")


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
    """What a text is found by, in any order. The last character of a stretch is in no pair's first place,
    so it is a term of its own: each character begins a term. What has an apostrophe is found whole and
    by its parts: `L'Homme` → lhomme l homme."""
    if text.isascii():
        return _plain_terms(text)
    words = text.split()  # the fold joins nothing over a space, and most words are quickly done
    plain = " ".join(word for word in words if word.isascii())
    return _plain_terms(plain) + _terms(" ".join(word for word in words if not word.isascii()))


def _plain_terms(text: str) -> list[str]:
    if is_plain(text):
        return [run[:MAX_LETTERS] for run in _ASCII_RUN.findall(text.lower())]
    found = [run[:MAX_LETTERS] for run in _ASCII_RUN.findall(fold(text))]
    return found + _terms(" ".join(_parts(text)), is_whole=False)


def _parts(text: str) -> Iterator[str]:
    """The words with an apostrophe, as if it were a space."""
    for word in text.split():
        apart = _APOSTROPHE.sub(" ", word)
        if apart != word:
            yield apart


def _terms(text: str, *, is_whole: bool = True) -> list[str]:
    found: list[str] = []
    for run in _RUN.findall(fold(text)):
        if is_unspaced(run):
            found += [*pairs(run), run[-1]]
        else:
            found.append(run[:MAX_LETTERS])
    apart = " ".join(_parts(text)) if is_whole else ""
    return found + _terms(apart, is_whole=False) if apart else found
