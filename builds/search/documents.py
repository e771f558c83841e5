"""One resource as the search sees it: what it is found by, and what a result shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from builds.data.entry import Facts, slug_of
from builds.data.taxonomy import Names
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


def document(facts: Facts, names: Names, file_names: Sequence[str]) -> Doc:
    """Of a resource and the paths of its files, of which the first MAX_FILE_NAMES count."""
    hashes = {facts.hash, facts.hash_v1, facts.hash_v2} - {None}
    return Doc(
        id=facts.id,
        words=_words(facts, names),
        names=frozenset(terms("\n".join(file_names[:MAX_FILE_NAMES]))),
        hashes=frozenset(digits[:HASH_LETTERS] for digits in hashes if digits),
        row=_row(facts, names),
        year=facts.published_at[:4],
        size=size_digits(facts.size_bytes),
    )


def size_class(size_bytes: int | None) -> int:
    """See SIZE_CLASSES."""
    if size_bytes is None:
        return 0
    return 1 + sum(size_bytes >= least for least in SIZE_CLASSES)


def size_digits(size_bytes: int | None) -> str:
    """Two digits that compare as sizes do, in steps of about one percent."""
    step = 0 if not size_bytes else 1 + int(math.log2(size_bytes) * 64)
    high, low = divmod(min(step, 4095), 64)
    return ORDERED[high] + ORDERED[low]


def _words(facts: Facts, names: Names) -> frozenset[str]:
    words = frozenset({*terms(facts.title), *terms(facts.summary), *_filters(facts, names)})
    return words.union(*map(_terms, (*facts.tags, *_trail(facts, names), *_people(facts, names))))


def _filters(facts: Facts, names: Names) -> Iterator[str]:
    """They begin with a sign that no word has."""
    for category in names.nodes[facts.category].chain:
        yield f"#c:{category}"
    for slug in facts.tag_slugs:
        yield f"#t:{slug}"
    yield f"#h:{facts.health}"
    yield f"#p:{names.people[facts.publisher].slug}"
    if facts.team is not None:
        yield f"#e:{names.teams[facts.team].slug}"
    yield f"#y:{facts.published_at[:4]}"
    yield f"#s:{size_class(facts.size_bytes)}"


def _row(facts: Facts, names: Names) -> tuple[Any, ...]:
    v1, v2 = facts.hash_v1 or "", facts.hash_v2 or ""
    return (
        facts.id, facts.title, facts.summary, facts.category,
        [_tag(name) for name in facts.tags], _people(facts, names),
        facts.size, facts.size_bytes, facts.file_count, facts.health, facts.published_on, v1, v2,
    )  # fmt: skip


def _tag(name: str) -> str | list[str]:
    """With its slug where that is another word."""
    slug = slug_of(name)
    return name if slug == name else [name, slug]


def _trail(facts: Facts, names: Names) -> list[str]:
    return [crumb.name for crumb in names.nodes[facts.category].trail]


def _people(facts: Facts, names: Names) -> list[str]:
    """The publisher and the team."""
    people = [names.people[facts.publisher].name]
    return people if facts.team is None else [*people, names.teams[facts.team].name]


@lru_cache(maxsize=20_000)
def _terms(name: str) -> frozenset[str]:
    """Of names that many resources share."""
    return frozenset(terms(name))
