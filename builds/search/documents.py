"""One resource as the search sees it: what it is found by, and what a result shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from builds.data.entry import Entry, slug_of
from builds.data.taxonomy import Taxonomy
from builds.search.postings import DIGITS
from builds.search.terms import terms

MAX_FILE_NAMES = 200
HASH_LETTERS = 10
"""Of an info-hash, so many hex digits are the term; the row has the rest."""
SIZE_CLASSES = tuple(n << 20 for n in (100, 1 << 10, 10 << 10, 100 << 10))
"""Class 1 is below 100 MiB, then below 1, 10 and 100 GiB, class 5 the rest; 0 is not known."""

ORDERED = "".join(sorted(DIGITS))
"""Digits that compare as characters."""


@dataclass(frozen=True)
class Doc:
    """`words`, `names` and `hashes` are the terms of the three sets; `row` are JSON values."""

    id: int
    words: frozenset[str]
    names: frozenset[str]
    hashes: frozenset[str]
    row: tuple[Any, ...]
    year: str
    size: str
    """As `size_digits` has it."""


def document(entry: Entry, taxonomy: Taxonomy, file_names: Sequence[str]) -> Doc:
    """Of a resource and the paths of its files, of which the first MAX_FILE_NAMES count."""
    hashes = {entry.hash, entry.hash_v1, entry.hash_v2} - {None}
    return Doc(
        id=entry.id,
        words=_words(entry, taxonomy),
        names=frozenset(terms("\n".join(file_names[:MAX_FILE_NAMES]))),
        hashes=frozenset(digits[:HASH_LETTERS] for digits in hashes if digits),
        row=_row(entry, taxonomy),
        year=entry.published_at[:4],
        size=size_digits(entry.size_bytes),
    )


def size_class(size_bytes: int | None) -> int:
    """Number of the class of a size: see SIZE_CLASSES."""
    if size_bytes is None:
        return 0
    return 1 + sum(size_bytes >= least for least in SIZE_CLASSES)


def size_digits(size_bytes: int | None) -> str:
    """Two digits that compare as sizes do, in steps of about one percent."""
    step = 0 if not size_bytes else 1 + int(math.log2(size_bytes) * 64)
    high, low = divmod(min(step, 4095), 64)
    return ORDERED[high] + ORDERED[low]


def _words(entry: Entry, taxonomy: Taxonomy) -> frozenset[str]:
    words = frozenset({*terms(entry.title), *terms(entry.summary), *_filters(entry, taxonomy)})
    return words.union(
        *map(_terms, (*entry.tags, *_trail(entry, taxonomy), *_people(entry, taxonomy)))
    )


def _filters(entry: Entry, taxonomy: Taxonomy) -> Iterator[str]:
    """They begin with a sign that no word has."""
    for category in taxonomy.categories[entry.category].chain:
        yield f"#c:{category}"
    for slug in entry.tag_slugs:
        yield f"#t:{slug}"
    yield f"#h:{entry.health}"
    yield f"#p:{taxonomy.publishers[entry.publisher].slug}"
    if entry.team is not None:
        yield f"#e:{taxonomy.teams[entry.team].slug}"
    yield f"#y:{entry.published_at[:4]}"
    yield f"#s:{size_class(entry.size_bytes)}"


def _row(entry: Entry, taxonomy: Taxonomy) -> tuple[Any, ...]:
    v1, v2 = entry.hash_v1 or "", entry.hash_v2 or ""
    return (
        entry.id, entry.title, entry.summary, entry.category,
        [_tag(name) for name in entry.tags], _people(entry, taxonomy),
        entry.size, entry.size_bytes, entry.file_count, entry.health, entry.published_on, v1, v2,
        _link(entry),
    )  # fmt: skip


def _link(entry: Entry) -> str:
    """Its magnet link, without the beginning that its first hash tells."""
    return entry.magnet.removeprefix(
        f"magnet:?xt=urn:btih:{entry.hash_v1}" if entry.hash_v1 else ""
    )


def _tag(name: str) -> str | list[str]:
    """With its slug where that is another word."""
    slug = slug_of(name)
    return name if slug == name else [name, slug]


def _trail(entry: Entry, taxonomy: Taxonomy) -> list[str]:
    return [crumb.name for crumb in taxonomy.categories[entry.category].trail]


def _people(entry: Entry, taxonomy: Taxonomy) -> list[str]:
    """The publisher and the team."""
    people = [taxonomy.publishers[entry.publisher].name]
    return people if entry.team is None else [*people, taxonomy.teams[entry.team].name]


@lru_cache(maxsize=20_000)
def _terms(name: str) -> frozenset[str]:
    """Of names that many resources share."""
    return frozenset(terms(name))
