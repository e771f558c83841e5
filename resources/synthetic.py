"""A synthetic catalog for benchmarks and demos: the same seed gives the same rows.

Sizes follow research/hugo.md: 20 categories in three levels, 500 tags whose use falls off as in
real catalogs (Zipf), about 1.5 kB of words, 20 files each, three titles in ten in Chinese.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from django.db import transaction

from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from resources import reasons, slugs
from resources.models import Category, DhtStatus, ProbeStatus, Resource, ResourceTag, TextHash
from resources.torrents import metadata
from teams.models import Token, public_names
from teams.roles import Role

BATCH = 500
FILES = 20
TAGS = 500
TAGS_EACH = 5
CHINESE_SHARE = 0.3
START = datetime(2021, 1, 1, tzinfo=UTC)
_SYLLABLES = [a + b for a, b in product("bcdfghklmnprstvz", ("a", "e", "i", "o", "u", "an", "or"))]
_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]


class Source:
    """Random words, names and rows from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  # reproducible, not secret
        self.words = [
            "".join(self.rng.choices(_SYLLABLES, k=self.rng.randint(1, 4))) for _ in range(4000)
        ]
        self.weights = [1 / (rank + 3) for rank in range(len(self.words))]

    def text(self, count: int) -> str:
        """This many words, the frequent ones more often."""
        return " ".join(self.rng.choices(self.words, self.weights, k=count))

    def title(self) -> str:
        """A title, Chinese or not."""
        if self.rng.random() < CHINESE_SHARE:
            return "".join(self.rng.choices(_HAN, k=self.rng.randint(4, 14)))
        return self.text(self.rng.randint(2, 7)).capitalize()

    def body(self) -> str:
        """A few paragraphs of markdown."""
        parts = [f"## {self.text(3).capitalize()}", self.text(90).capitalize() + "."]
        parts += [f"- **{self.text(1)}**: {self.text(6)}" for _ in range(4)]
        parts += [self.text(90).capitalize() + "."]
        return "\n\n".join(parts)

    def files(self, name: str) -> tuple[metadata.File, ...]:
        """The file list of one torrent."""
        return tuple(
            metadata.File(
                f"{name}/{self.rng.choice(('', 'disc 1/', 'disc 2/', 'docs/'))}{number:02d} {self.text(2)}.bin",
                int(self.rng.lognormvariate(15, 3)),
            )
            for number in range(FILES)
        )


def generate(count: int, seed: int) -> Iterator[int]:
    """Fill an empty catalog with `count` resources; yields how many stand so far.

    RefusedError if there are resources already: benchmarks must not touch a real catalog.
    """
    if Resource.objects.exists():
        raise RefusedError("The catalog is not empty; a synthetic one only goes into an empty one.")
    source = Source(seed)
    with transaction.atomic():
        categories, publisher = _categories(source), _publisher()
    tags = [
        source.text(1) if n % 4 else "".join(source.rng.choices(_HAN, k=3)) for n in range(TAGS)
    ]
    for numbers in (range(n, min(n + BATCH, count)) for n in range(0, count, BATCH)):
        with transaction.atomic():
            rows = [_row(source, n, count, categories, publisher, tags) for n in numbers]
            Catalog.advance(reasons.SYNTHETIC(number=count), _insert(rows))
        yield numbers[-1] + 1


def _categories(source: Source) -> list[Category]:
    """Four roots, two below each, one below each of those."""
    categories = []
    for _ in range(4):
        root = _category(source, None)
        for _ in range(2):
            child = _category(source, root)
            categories += [child, _category(source, child)]
    return categories


def _category(source: Source, parent: Category | None) -> Category:
    name = f"{source.text(2).capitalize()} {Category.objects.count() + 1}"
    row = Category(name=name, parent=parent)
    row.store()
    return row


def _publisher() -> Token:
    token, _raw = Token.objects.issue(Role.PUBLISHER, public_names.free("Synthetic catalog"))
    return token


def _row(
    source: Source,
    number: int,
    count: int,
    categories: list[Category],
    publisher: Token,
    tags: list[str],
) -> tuple[Resource, metadata.Metadata]:
    magnet_hash = hashlib.sha1(f"{source.rng.random()} {number}".encode()).hexdigest()  # noqa: S324  # BEP 3's
    at = START + timedelta(minutes=number * max(1, 2_500_000 // count))
    found = metadata.Metadata(
        magnet_hash=magnet_hash,
        name=source.text(2),
        files=(files := source.files(source.text(2))),
        total_size_bytes=sum(f.size for f in files),
        piece_length=1 << 20,
        num_peers=source.rng.randint(1, 40),
        fetched_at=at,
    )
    weights = [1 / (rank + 1) for rank in range(len(tags))]
    chosen = dict.fromkeys(source.rng.choices(tags, weights, k=TAGS_EACH))
    row = Resource(
        title=source.title(), magnet_uri=f"magnet:?xt=urn:btih:{magnet_hash}", magnet_hash=magnet_hash,
        content_markdown=source.body(), tags=list({slugs.make(t): t for t in chosen}.values()),
        category=source.rng.choice(categories), publisher=publisher,
        dht_status=source.rng.choices(list(DhtStatus), (1, 7, 2))[0], last_dht_check=at,
        torrent_name=found.link_name, total_size_bytes=found.total_size_bytes, file_count=found.file_count,
        files_tree_summary=found.files_tree_summary, num_peers=found.num_peers, probed_at=at,
        probe_status=ProbeStatus.OK, created_at=at, updated_at=at, published_at=at,
        became_public_at=at,
    )  # fmt: skip
    return row, found


def _insert(rows: list[tuple[Resource, metadata.Metadata]]) -> list[int]:
    saved = Resource.objects.bulk_create([row for row, _ in rows])
    ResourceTag.objects.bulk_create(
        ResourceTag(resource=row, slug=slugs.make(tag), name=tag)
        for row in saved
        for tag in row.tags
    )
    TextHash.objects.index(saved)
    for _, found in rows:
        metadata.save(found, survives_power_loss=False)
    return [row.pk for row in saved]
