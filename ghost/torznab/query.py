"""What a client asks for: the query of a request, read as the text of version 1.3 says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from ghost.core.text.folding import fold
from ghost.torznab import numbering, words
from ghost.torznab.errors import INCORRECT, MISSING, NO_FUNCTION, NOT_AVAILABLE, TorznabError
from resources.models import list_index

CAPS = "caps"
TEXTS = {
    "search": ("q",),
    "tvsearch": ("q",),
    "movie": ("q", "year"),
    "music": ("q", "artist", "album", "track", "year"),
    "book": ("q", "author", "title", "year"),
}
"""The searches, and by what: each word of these has to be in the title."""
OTHERS = frozenset({
    "details", "getnfo", "get", "cartadd", "cartdel", "card-add", "card-del", "comments",
    "commentadd", "comments-add", "register", "user",
})  # fmt: skip
"""Newznab's functions that Torznab leaves out."""
IDS = frozenset({
    "rid", "tvdbid", "tvmazeid", "traktid", "tmdbid", "imdbid", "doubanid", "isbn",
})  # fmt: skip
"""Of works in catalogs elsewhere; nothing here has one."""
MAX_LIMIT = 100
MAX_OFFSET = 2**31
MAX_TAGS = 50
PATTERNS = {  # an empty value is one that was left out
    "limit": r"^([0-9]{1,18})?$",
    "offset": r"^([0-9]{1,18})?$",
    "extended": r"^(0|1|[Tt]rue|[Ff]alse|[Yy]es|[Nn]o)?$",
    "season": r"^([Ss]?0*[0-9]{1,4})?$",
    "ep": r"^([Ee]?0*[0-9]{1,4}|[0-9]{1,2}/[0-9]{1,2})?$",
    "year": r"^([0-9]{4})?$",
    "o": r"^([Xx][Mm][Ll])?$",
}
_PARTS = re.compile(r"[,;\s]+")
MAX_NUMBER_DIGITS = 9
_YES = frozenset({"1", "true", "yes"})


@dataclass(frozen=True)
class Asked:
    """A request that makes sense."""

    function: str
    words: tuple[words.Word, ...] = ()
    """Each has to be in the title, or in an info-hash."""
    hashes: tuple[str, ...] = ()
    """Those of torrents that are wanted, whatever they are called; none if any is."""
    numbering: numbering.Numbering = numbering.NOTHING
    """Seasons, episodes and days that the title has to cover."""
    has_id: bool = False
    categories: frozenset[int] | None = None
    tags: tuple[str, ...] = ()
    other_tags: tuple[str, ...] = ()
    """Those that must not be there."""
    limit: int = MAX_LIMIT
    offset: int = 0
    attributes: frozenset[str] | None = field(default=None)
    """The extended ones that are wanted; None: all."""

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing can be found: by an id alone, beyond all ends, or with a word that no title
        has room for."""
        is_too_long = any(len(word.text) > words.MAX_CHARS for word in self.words)
        is_by_id = self.has_id and not self.words and not self.hashes
        return is_by_id or self.offset > MAX_OFFSET or is_too_long


def read(query: Mapping[str, Any]) -> Asked:
    """The request; names count in any case, an empty value is none. TorznabError if it makes no sense."""
    given = {name.lower(): str(value).strip() for name, value in query.items()}
    given = {name: value for name, value in given.items() if value}
    function = _function(given.get("t", ""))
    for name in (name for name, value in given.items() if not _fits(name, value)):
        # Not the value: what stands in place of another may be a key.
        raise TorznabError(INCORRECT, _("Incorrect parameter: %s") % name)
    return Asked(function) if function == CAPS else _search(function, given)


def _function(name: str) -> str:
    if not name:
        raise TorznabError(MISSING, _("Missing parameter: %s") % "t")
    if name.lower() in OTHERS:
        raise TorznabError(NOT_AVAILABLE, _("Function not available; t=caps lists those that are."))
    if name.lower() not in (CAPS, *TEXTS):
        raise TorznabError(NO_FUNCTION, _("No such function; t=caps lists them."))
    return name.lower()


def _fits(name: str, value: str) -> bool:
    return bool(re.search(PATTERNS.get(name, ""), value))


def _search(function: str, given: Mapping[str, str]) -> Asked:
    hashes = list_index.named_hashes(given.get("q", ""))
    if hashes:  # the rest of a link says nothing of the title
        given = {name: value for name, value in given.items() if name != "q"}
    texts, found = _texts(function, given)
    tags = _parts(given.get("tag", ""), ",")[:MAX_TAGS]
    return Asked(
        function,
        words=words.most_telling(texts),
        hashes=tuple(hashes),
        numbering=found | (_episode(given) if function == "tvsearch" else numbering.NOTHING),
        has_id=not IDS.isdisjoint(given),
        categories=_categories(given),
        tags=tuple(tag for tag in tags if not tag.startswith("-")),
        other_tags=tuple(tag[1:] for tag in tags if tag.startswith("-") and tag[1:]),
        limit=min(int(given.get("limit", MAX_LIMIT)), MAX_LIMIT),
        offset=int(given.get("offset", 0)),
        attributes=_attributes(given),
    )


def _texts(function: str, given: Mapping[str, str]) -> tuple[list[words.Word], numbering.Numbering]:
    """The words that are wanted, and what the texts name of seasons and episodes."""
    texts, named = list[words.Word](), numbering.NOTHING
    for name in TEXTS[function]:
        found, rest = numbering.read(fold(given.get(name, "").replace("\0", " ")))
        named |= found
        texts += words.of(rest)
    return texts, named


def _episode(given: Mapping[str, str]) -> numbering.Numbering:
    """The wanted season, an episode of it, or a day (`season=2016&ep=12/20`)."""
    season, episode = given.get("season", "").lstrip("Ss"), given.get("ep", "").lstrip("Ee")
    if season and "/" in episode:
        month, day = (int(part) for part in episode.split("/"))
        return numbering.Numbering(days=frozenset({(int(season), month, day)}))
    return numbering.Numbering(
        frozenset({(int(season), int(season))} if season else ()),
        frozenset({(int(episode), int(episode))} if episode.isdecimal() else ()),
    )


def _categories(given: Mapping[str, str]) -> frozenset[int] | None:
    """The numbers that are wanted: None is any; what is no number is one that nothing has."""
    parts = [part for part in _PARTS.split(given.get("cat", "")) if part]
    numbers = (int(p) for p in parts if p.isdecimal() and len(p) <= MAX_NUMBER_DIGITS)
    return frozenset(numbers) if parts else None


def _parts(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]


def _attributes(given: Mapping[str, str]) -> frozenset[str] | None:
    if "attrs" not in given or given.get("extended", "").lower() in _YES:
        return None
    return frozenset(_PARTS.split(given["attrs"].lower()))
