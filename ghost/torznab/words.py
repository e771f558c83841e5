"""The words of a search, and whether a folded title has them.

A word may stand anywhere in a title, but numbers end where digits end, and zeros before them don't
count: `5` is in `S01E05` and not in `50`, `x264` in `h.x264` and not in `x2640`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ghost.core.text.folding import NO_WORD
from resources.models.list_index import PART_OF_HASH

MAX_WORDS = 50
MAX_CHARS = 300
"""No title is longer."""
_NO_WORD = re.compile(f"[{NO_WORD}]+")
"""Titles separate their words by dots, dashes and the like: any of them is as good as a space."""
_RUN = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(frozen=True)
class Word:
    """One of them, folded."""

    text: str

    @property
    def clue(self) -> str:
        """What stands in every title that has it: for the database, which knows nothing of numbers."""
        return max((_bare(run) for run in _RUN.findall(self.text)), key=len)

    @property
    def is_exact(self) -> bool:
        """Whether each title with the clue has the word."""
        return not re.search("[0-9]", self.text)

    @property
    def is_part_of_hash(self) -> bool:
        """Whether it may be meant for an info-hash."""
        return bool(PART_OF_HASH.fullmatch(self.text))

    @property
    def pattern(self) -> re.Pattern[str]:
        """What finds it in a title."""
        runs = _RUN.findall(self.text)
        inner = "".join(f"0*{_bare(r)}" if r.isdecimal() else re.escape(r) for r in runs)
        before = "(?<![0-9])" if runs[0].isdecimal() else ""
        return re.compile(before + inner + ("(?![0-9])" if runs[-1].isdecimal() else ""))


def _bare(run: str) -> str:
    return (run.lstrip("0") or "0") if run.isdecimal() else run


def of(folded: str) -> list[Word]:
    """The words of a folded text; the text itself if it has none, so that it finds what is called so."""
    plain = folded.strip()
    found = [word for word in _NO_WORD.split(plain) if word] or [plain] * bool(plain)
    return [Word(text) for text in dict.fromkeys(found)]


def most_telling(words: Iterable[Word]) -> tuple[Word, ...]:
    """MAX_WORDS of them, the longest ones: no title has many more."""
    found = list(dict.fromkeys(words))
    kept = set(sorted(found, key=lambda word: -len(word.text))[:MAX_WORDS])
    return tuple(word for word in found if word in kept)
