"""Seasons, episodes and days as titles write them, and whether one title has what another names.

`S1E5`, `S01.E05`, `1x05`, `Season 1 Episode 5` and `第1季第5集` are one; `S01-S05`, `Season 1-5` and
`Seasons 1 to 5` are five seasons. All texts are folded (`ghost.core.text.folding.fold`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

Span = tuple[int, int]
"""The first number and the last one."""
Day = tuple[int, int, int]
"""Year, month, day."""

_TO = r"[\s._]*(?:[-–—~&,]|to|thru|through|and|bis)[\s._]*(?:and[\s._]*)?"
_SEASON = r"(?:seasons?|saisons?|staffeln?|temporadas?|stagion[ei])"
_EPISODE = r"(?:episodes?[\s._#]*|eps?[\s._]*|e)"
_AFTER_SEASON = r"(?:(?<![a-z0-9])|(?<=s[0-9])|(?<=s[0-9]{2})|(?<=s[0-9]{4}))"
_TO_EPISODE = r"(?:[\s._]*[-–—~&+/][\s._]*|[\s._]+(?:to|thru|through|and)[\s._]+)"
_HAN = r"[0-9]{1,4}|[一二三四五六七八九十两]{1,3}"
_HAN_TO = r"\s*(?:[-–—~、]|至|到)\s*第?\s*"

_SEASONS = [
    re.compile(pattern)
    for pattern in (
        # S01, S01E05, S01S02, S01-S05, S01-05
        r"(?<![a-z0-9])s[0-9]{1,4}(?:[\s._]*[-–—~&+][\s._]*s[0-9]{1,4}|s[0-9]{1,4}|[-–—~][0-9]{1,2}(?![0-9a-z]))*"
        r"(?=e[p0-9]|[^a-z0-9]|$)",
        # Season 1, Seasons 1 to 5, Season 1, 2 & 3; but `Season 2 - 05` is an episode
        rf"(?<![a-z]){_SEASON}[\s._:#-]*[0-9]{{1,4}}"
        rf"(?:(?!\s+-\s+0){_TO}{_SEASON}?[\s._]*s?[0-9]{{1,2}}(?![0-9a-z]))*(?![0-9])",
        rf"(?<![a-z])series[\s._:#-]*[0-9]{{1,2}}(?:{_TO}[0-9]{{1,2}}(?![0-9a-z]))*(?![0-9a-z])",
        rf"(?<![0-9a-z])[0-9]{{1,2}}(?:st|nd|rd|th)[\s._-]*{_SEASON}(?![a-z])",
        r"(?<![0-9a-z])[0-9]{1,2}(?=x[0-9]{1,3}(?![0-9a-z]))",
        rf"第\s*(?:{_HAN})(?:{_HAN_TO}(?:{_HAN}))?\s*季",
    )
]
_EPISODES = [
    re.compile(pattern)
    for pattern in (
        # E05, E01-E06, E01E02, E01-06, Episode 5
        rf"{_AFTER_SEASON}{_EPISODE}[0-9]{{1,4}}"
        rf"(?:{_TO_EPISODE}e(?:p[\s._]*)?[0-9]{{1,4}}|e[0-9]{{1,4}}|[-–—~/][0-9]{{1,4}}(?![0-9a-z]))*(?:v[0-9])?(?![0-9a-z])",
        r"(?<=[0-9])x[0-9]{1,3}(?:[-–—~](?:[0-9]{1,2}x)?[0-9]{1,3})*(?![0-9a-z])",
        # S01 - 05, as anime is named
        r"(?:(?<=s[0-9])|(?<=s[0-9]{2}))\s+-\s+[0-9]{2,3}(?![0-9a-z])",
        r"(?:(?<=season [0-9])|(?<=season [0-9]{2}))\s+-\s+0[0-9]{1,2}(?![0-9a-z])",
        rf"第\s*(?:{_HAN})(?:{_HAN_TO}(?:{_HAN}))?\s*[集话話回期]",
    )
]
_DAYS = re.compile(
    r"(?<![0-9a-z])((?:19|20)[0-9]{2})([\s._/-]?|年)(1[0-2]|0?[1-9])(?:\2|月)(3[01]|[12][0-9]|0?[1-9])日?(?![0-9a-z])"
)
_ALL_SEASONS = re.compile(r"全\s*([0-9]{1,2}|[一二三四五六七八九十]{1,3})\s*季")
_COMPLETE = re.compile(r"complete[\s._]+(?:tv[\s._]+)?(?:series|collection)|全集")
_MAYBE = re.compile(
    r"[st][0-9]|[0-9]x[0-9]|seas|seri|sais|staff|temp|stag|e[0-9]|ep|第|全|complete|20[0-9]{2}|19[0-9]{2}"
)
"""Most titles have nothing of it."""
_NUMBER = re.compile(r"[0-9]+|[一二三四五六七八九十两]+")
_BARE = re.compile(r"[0-9]{1,2}x(?=[0-9])|v[0-9]$")
"""What is no number of its own: the season that `x05-1x06` says again, the `v2` of a mended release."""
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]
_CARDINALS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_NAMED = {name: str(n) for names in (_ORDINALS, _CARDINALS) for n, name in enumerate(names, 1)}
_SPELLED = re.compile(
    rf"(?<![a-z])(?:({'|'.join(_ORDINALS)})(?=[\s._-]+season)"
    rf"|(?P<kind>(?:season|series|episode)[\s._-]+)({'|'.join(_CARDINALS)})(?![a-z]))"
)
"""`Second Season`, `Season Two`."""
_CROSS = re.compile(r"(?<=[0-9])x(?=e[0-9])")
"""`S01xE05`."""
_TEMPORADA = re.compile(r"(?<![a-z0-9])t(?=[0-9]{1,2}e[0-9])")
"""`T01E05`, in Spanish and Portuguese."""
_DIGITS = dict(zip("一二三四五六七八九", range(1, 10), strict=True)) | {"两": 2}


@dataclass(frozen=True)
class Numbering:
    """What a title names of it; nothing, if nothing."""

    seasons: frozenset[Span] = frozenset()
    episodes: frozenset[Span] = frozenset()
    days: frozenset[Day] = frozenset()
    is_complete: bool = False
    """All seasons that there are."""

    def __or__(self, other: Self) -> Numbering:
        """What both name."""
        return Numbering(
            self.seasons | other.seasons, self.episodes | other.episodes, self.days | other.days,
            is_complete=self.is_complete or other.is_complete,
        )  # fmt: skip

    @property
    def is_empty(self) -> bool:
        """Whether it names nothing."""
        return self == NOTHING

    def covers(self, wanted: Numbering) -> bool:
        """Whether this has what is wanted: a pack of seasons each of them, a season each of its
        episodes, one that names an episode no other."""
        return (
            all(self._has_season(span) for span in wanted.seasons)
            and all(self._has_episode(span, wanted) for span in wanted.episodes)
            and wanted.days <= self.days
            and (self.is_complete or not wanted.is_complete)
        )

    def _has_season(self, wanted: Span) -> bool:
        is_daily = any(wanted == (year, year) for year, _month, _day in self.days)
        has_all = self.is_complete and not self.seasons
        return has_all or is_daily or _holds(self.seasons, wanted)

    def _has_episode(self, wanted: Span, all_wanted: Numbering) -> bool:
        if self.episodes:
            return _holds(self.episodes, wanted)
        is_pack = bool(self.seasons) or self.is_complete
        return is_pack and bool(all_wanted.seasons)


NOTHING = Numbering()


def _holds(spans: frozenset[Span], wanted: Span) -> bool:
    return any(first <= wanted[0] and wanted[1] <= last for first, last in spans)


def of(folded: str) -> Numbering:
    """What a folded title names."""
    return read(folded)[0] if _MAYBE.search(folded) else NOTHING


def read(folded: str) -> tuple[Numbering, str]:
    """What a folded text names, and the rest of it."""
    folded = _SPELLED.sub(_in_digits, _TEMPORADA.sub("s", _CROSS.sub(" ", folded)))
    days = {(int(d[1]), int(d[3]), int(d[4])) for d in _DAYS.finditer(folded)}
    rest = _DAYS.sub(" ", folded)
    found = Numbering(
        frozenset(
            {*_spans(_SEASONS, rest), *((1, _number(n)) for n in _ALL_SEASONS.findall(rest))}
        ),
        frozenset(_spans(_EPISODES, rest)),
        frozenset(days),
        is_complete=bool(_COMPLETE.search(rest)),
    )
    return found, _without(rest)


def _in_digits(found: re.Match[str]) -> str:
    return f"{_NAMED[found[1]]}nd" if found[1] else found["kind"] + _NAMED[found[3]]


def _spans(patterns: list[re.Pattern[str]], text: str) -> Iterator[Span]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            numbers = [_number(n) for n in _NUMBER.findall(_BARE.sub("", match[0]))]
            yield min(numbers), max(numbers)


def _without(text: str) -> str:
    taken = [
        match.span()
        for pattern in (*_SEASONS, *_EPISODES, _ALL_SEASONS, _COMPLETE)
        for match in pattern.finditer(text)
    ]
    chars = list(text)
    for start, end in taken:
        chars[start:end] = " " * (end - start)
    return "".join(chars)


def _number(written: str) -> int:
    """Of Arabic digits, or of Chinese ones below a hundred."""
    if written.isdecimal():
        return int(written)
    tens, has_ten, ones = written.rpartition("十")
    if not has_ten:
        return _DIGITS[written[-1]]
    return 10 * (_DIGITS[tens[-1]] if tens else 1) + (_DIGITS[ones] if ones else 0)
