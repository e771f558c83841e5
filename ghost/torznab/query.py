"""What a client asks for: the query of a request, read as the text of version 1.3 says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from ghost.torznab.errors import INCORRECT, MISSING, NO_FUNCTION, NOT_AVAILABLE, TorznabError

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
MAX_CHARS = 300
MAX_OFFSET = 2**31
MAX_WORDS = 50
MAX_PARTS = {"cat": 200, "attrs": 50, "tag": 50}
"""Clients ask for every category that they know below a standard one."""
PATTERNS = {
    "cat": r"^[0-9]{1,9}(,[0-9]{1,9})*$",
    "limit": r"^[0-9]{1,18}$",
    "offset": r"^[0-9]{1,18}$",
    "attrs": r"^[a-zA-Z]+(,[a-zA-Z]+)*$",
    "extended": r"^(0|1|[Tt]rue|[Ff]alse|[Yy]es|[Nn]o)$",
    "season": r"^[Ss]?[0-9]{1,4}$",
    "ep": r"^([Ee]?[0-9]{1,4}|[0-9]{1,2}/[0-9]{1,2})$",
    "year": r"^[0-9]{4}$",
    "o": r"^([Xx][Mm][Ll])$",
}
_NO_WORD = re.compile(r"[\W_]+")
"""Titles separate their words by dots, dashes and the like: any of them is as good as a space."""
_YES = frozenset({"1", "true", "yes"})


@dataclass(frozen=True)
class Asked:
    """A request that makes sense."""

    function: str
    words: tuple[str, ...] = ()
    episodes: tuple[str, ...] = ()
    """Ways to write the wanted one, of which one has to be in the title; empty: any."""
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
        """Whether nothing can be found: by an id alone, or beyond all ends."""
        return (self.has_id and not self.words) or self.offset > MAX_OFFSET


def read(query: Mapping[str, Any]) -> Asked:
    """The request; names count in any case, an empty value is none. TorznabError if it makes no sense."""
    given = {name.lower(): str(value).strip() for name, value in query.items()}
    given = {name: value for name, value in given.items() if value}
    function = _function(given.get("t", ""))
    for name in (name for name, value in given.items() if not _fits(name, value)):
        # Not the value: what stands in place of another may be a key.
        raise TorznabError(INCORRECT, _("Incorrect parameter: %s") % name)
    for name, most in MAX_PARTS.items():
        _require_few(name, given.get(name, "").count(",") + 1, most)
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
    is_short = len(value) <= MAX_CHARS or name in ("apikey", "cat", "attrs")
    return is_short and bool(re.search(PATTERNS.get(name, ""), value))


def _require_few(name: str, count: int, most: int) -> None:
    if count > most:
        told = _("Too many parts, at most %(most)d: %(name)s") % {"most": most, "name": name}
        raise TorznabError(INCORRECT, told)


def _search(function: str, given: Mapping[str, str]) -> Asked:
    words = tuple(w for name in TEXTS[function] for w in _words(given.get(name, "")))
    _require_few(", ".join(TEXTS[function]), len(words), MAX_WORDS)
    tags = [tag.strip() for tag in given.get("tag", "").split(",")]
    numbers = given.get("cat")
    return Asked(
        function,
        words=words,
        episodes=_episodes(given) if function == "tvsearch" else (),
        has_id=not IDS.isdisjoint(given),
        categories=frozenset(map(int, numbers.split(","))) if numbers else None,
        tags=tuple(tag for tag in tags if tag and not tag.startswith("-")),
        other_tags=tuple(tag[1:] for tag in tags if tag.startswith("-") and tag[1:]),
        limit=min(int(given.get("limit", MAX_LIMIT)), MAX_LIMIT),
        offset=int(given.get("offset", 0)),
        attributes=_attributes(given),
    )


def _words(text: str) -> list[str]:
    """The words of a text; the text itself if it has none, so that it finds what is called so."""
    plain = text.replace("\0", " ").strip()
    words = [word for word in _NO_WORD.split(plain) if word]
    return list(dict.fromkeys(words)) or [plain] * bool(plain)


def _episodes(given: Mapping[str, str]) -> tuple[str, ...]:
    """How titles write a season, an episode of it, or a day (`season=2016&ep=12/20`)."""
    season, episode = given.get("season", "").lstrip("Ss"), given.get("ep", "").lstrip("Ee")
    if "/" in episode:
        month, day = (int(part) for part in episode.split("/"))
        return tuple(f"{season}{mark}{month:02}{mark}{day:02}" for mark in ".- ")
    if season and episode:
        return f"S{int(season):02}E{int(episode):02}", f"{int(season)}x{int(episode):02}"
    if season:
        return f"S{int(season):02}", f"Season {int(season)}"
    return (f"E{int(episode):02}",) if episode else ()


def _attributes(given: Mapping[str, str]) -> frozenset[str] | None:
    if "attrs" not in given or given.get("extended", "").lower() in _YES:
        return None
    return frozenset(given["attrs"].lower().split(","))
