"""Torznab's numbers of categories: the standard ones, and ours from 100,000 on.

A resource has the numbers of its category and of all above it, and a standard number, with the one
that this is a part of (2040 is a part of 2000): that which an operator gave to the nearest of these,
or else the one by which the nearest goes whose name says what is in it (“Films”, “剧集”), or else
8000, Other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Self

from ghost.core.text.folding import fold
from resources.models import Category

OWN = 100_000
"""Numbers from here on are a site's own (revision 1.0, Categories)."""
GENERAL = {
    1000: "Console", 2000: "Movies", 3000: "Audio", 4000: "PC", 5000: "TV", 6000: "XXX",
    7000: "Books", 8000: "Other",
}  # fmt: skip
SPECIAL = {
    1010: "NDS", 1020: "PSP", 1030: "Wii", 1040: "XBox", 1050: "XBox 360", 1060: "Wiiware",
    1070: "XBox 360 DLC", 1080: "PS3", 1090: "Other", 1110: "3DS", 1120: "PS Vita", 1130: "WiiU",
    1140: "XBox One", 1180: "PS4",
    2010: "Foreign", 2020: "Other", 2030: "SD", 2040: "HD", 2045: "UHD", 2050: "BluRay",
    2060: "3D", 2070: "DVD", 2080: "WEB-DL",
    3010: "MP3", 3020: "Video", 3030: "Audiobook", 3040: "Lossless", 3050: "Other",
    3060: "Foreign",
    4010: "0day", 4020: "ISO", 4030: "Mac", 4040: "Mobile-Other", 4050: "Games",
    4060: "Mobile-iOS", 4070: "Mobile-Android",
    5010: "WEB-DL", 5020: "Foreign", 5030: "SD", 5040: "HD", 5045: "UHD", 5050: "Other",
    5060: "Sport", 5070: "Anime", 5080: "Documentary",
    6010: "DVD", 6020: "WMV", 6030: "XviD", 6040: "x264", 6050: "Pack", 6060: "ImageSet",
    6070: "Other",
    7010: "Mags", 7020: "EBook", 7030: "Comics", 7040: "Technical", 7050: "Other",
    7060: "Foreign",
    8010: "Misc", 8020: "Hashed",
}  # fmt: skip
"""Newznab's names for what it defines; a number without one is called as our category is."""

OTHER = 8000
BY_NAME = {
    1000: "console consoles 主机游戏",
    2000: "movie movies film films cinema 电影 影片",
    3000: "audio music song songs album albums concert concerts 音乐",
    3030: "audiobook audiobooks 有声书",
    4000: "software app apps application applications program programs 软件",
    4020: "iso isos linux bsd distribution distributions distro distros 镜像",
    4050: "game games 游戏",
    5000: "tv television series show shows episodes 电视 电视剧 剧集",
    5060: "sport sports 体育",
    5070: "anime animes 动漫 动画",
    5080: "documentary documentaries 纪录片",
    6000: "xxx adult porn 成人",
    7000: "book books literature 书 书籍 图书",
    7010: "magazine magazines mags journal journals newspaper newspapers 杂志 期刊",
    7020: "ebook ebooks epub epubs 电子书",
    7030: "comic comics manga mangas 漫画",
}
"""Words of our categories' names, folded, and the standard number that each means."""

Named = dict[int, str]


class Numbers:
    """All categories with their numbers."""

    def __init__(self, rows: Iterable[Category]) -> None:
        self._rows = {row.pk: row for row in rows}
        self._standards = {pk: self._standard_of(pk) for pk in self._rows}

    @classmethod
    def read(cls) -> Self:
        """As they are now, in one query."""
        fields = Category.objects.only("name", "parent_id", "torznab_id")
        return cls(fields.order_by("sort_order", "name", "id"))

    def of_category(self, category_id: int) -> tuple[int, ...]:
        """The numbers of what lies in this category, the general ones first."""
        standard, chain = self._standards.get(category_id, OTHER), self._chain(category_id)
        own = (OWN + row.pk for row in reversed(list(chain)))
        return tuple(dict.fromkeys([standard - standard % 1000, standard, *own]))

    def meant_by(self, wanted: Collection[int]) -> list[int]:
        """Keys of the categories that have one of these numbers; unknown ones mean nothing."""
        return [pk for pk in self._rows if not set(wanted).isdisjoint(self.of_category(pk))]

    def tree(self) -> dict[int, tuple[str, Named]]:
        """What can be asked for, in two levels: number → its name, and the numbers below it."""
        found: dict[int, tuple[str, Named]] = {}
        for number, name in self._standard():
            general = number - number % 1000
            _name, below = found.setdefault(general, (GENERAL.get(general, name), {}))
            if number != general:
                below.setdefault(number, SPECIAL.get(number, name))
        for pk in self._rows:
            root, *path = reversed(list(self._chain(pk)))
            _name, below = found.setdefault(OWN + root.pk, (root.name, {}))
            if path:
                below[OWN + pk] = " / ".join(row.name for row in path)
        return found

    def _standard(self) -> list[tuple[int, str]]:
        given = ((row.torznab_id, row.name) for row in self._rows.values() if row.torznab_id)
        named = ((number, SPECIAL.get(number, "")) for number in self._standards.values())
        return sorted(dict([*named, *given]).items())

    def _standard_of(self, category_id: int) -> int:
        chain = list(self._chain(category_id))
        given = (row.torznab_id for row in chain if row.torznab_id)
        named = (number for row in chain if (number := _meant_by_name(row.name)))
        return next(given, None) or next(named, OTHER)

    def _chain(self, category_id: int) -> Iterator[Category]:
        """The category and all above it, itself first."""
        key: int | None = category_id
        seen = set[int]()
        while key in self._rows and key not in seen:
            seen.add(key)
            yield self._rows[key]
            key = self._rows[key].parent_id


_NUMBERS = {fold(word): number for number, words in BY_NAME.items() for word in words.split()}


def _meant_by_name(name: str) -> int | None:
    """The number that a word of a category's name means, or two (“Audio Books”); of several the most
    special one."""
    words = re.findall(r"\w+", fold(name))
    pairs = [first + second for first, second in pairwise(words)]
    found = [_NUMBERS[word] for word in (*words, *pairs) if word in _NUMBERS]
    return max(found, key=lambda number: number % 1000, default=None)
