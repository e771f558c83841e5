"""Which resources name which info-hashes, in what people wrote of them and in names of files.

A takedown looks here for the pages that must not show its hashes any more. Rows outlive the text
that they were found in: the site may still show that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Self

from django.db import models

from ghost.core.batches import QUERY_KEYS, batched
from ghost.core.catalog.models import Catalog
from ghost.core.text import info_hashes
from resources import reasons
from resources.models.fields import ResourceFields
from resources.torrents import named_hashes
from resources.torrents.magnets import Magnet
from resources.torrents.metadata import Metadata

MOST_IN_TEXT = 500
"""Hashes that one description may name."""
MOST_IN_FILES = 2000
"""A torrent that names more is published without its file, and without names of files."""
TEXT_FIELDS = (
    "title", "content_markdown", "licence", "source_url", "checksums", "magnet_uri",
)  # fmt: skip
"""Columns in which a hash may stand that the site shows."""
_BETWEEN = " ; "


class TextHashQuerySet(models.QuerySet["TextHash"]):
    """Hashes that resources name."""

    def present(self) -> Self:
        """Those that the resources name as they are now."""
        return self.filter(gone_at_revision=None)

    def gone(self) -> Self:
        """Those that no text names any more, though the site may still show one that did."""
        return self.exclude(gone_at_revision=None)

    def index(self, rows: Iterable[ResourceFields]) -> None:
        """Note what new rows name, which are stored."""
        self._put((row.pk, each) for row in rows for each in sorted(named_by(row)))

    def follow(self, old: ResourceFields, row: ResourceFields) -> None:
        """Note what a changed row names; one with another magnet has other files too."""
        if not old.names_as(row):
            self.filter(resource_id=row.pk, is_of_files=True)._retire()
        if any(getattr(old, name) != getattr(row, name) for name in TEXT_FIELDS):
            before, now = named_by(old), named_by(row)
            self._put((row.pk, each) for each in sorted(now - before))
            # Also what was only seen once the former text was rendered (`index_shown`).
            if before - now or old.content_markdown != row.content_markdown:
                texts = self.filter(resource_id=row.pk, is_of_files=False)
                texts.exclude(info_hash__in=now)._retire()

    def index_shown(self, shown: Mapping[int, Iterable[str]]) -> None:
        """Note what the pages of these show, though their texts don't name it: rendering joined it."""
        self._put((pk, each) for pk, hashes in shown.items() for each in sorted(hashes))

    def index_files(self, row: ResourceFields, found: Metadata) -> None:
        """Note what a torrent names, that a probe found; of too many, one too many (`too_many`)."""
        named = sorted(named_hashes.of(found))[: MOST_IN_FILES + 1]
        self._put(((row.pk, each) for each in named), is_of_files=True)

    def too_many(self, ids: Collection[int]) -> set[int]:
        """Those of these resources whose torrents name more than MOST_IN_FILES."""
        rows = self.present().filter(resource_id__in=ids, is_of_files=True)
        counted = rows.values("resource_id").annotate(number=models.Count("pk"))
        found = counted.filter(number__gt=MOST_IN_FILES).values_list("resource_id", flat=True)
        return set(found)

    def leave(self, row: ResourceFields) -> None:
        """Note that a resource is gone, though the site may still show it."""
        self.filter(resource_id=row.pk)._retire()

    def _put(self, found: Iterable[tuple[int, str]], *, is_of_files: bool = False) -> None:
        rows = [
            TextHash(resource_id=pk, info_hash=each, is_of_files=is_of_files) for pk, each in found
        ]
        if rows:
            self.bulk_create(
                rows,
                update_conflicts=True,
                update_fields=["gone_at_revision"],
                unique_fields=["info_hash", "resource_id", "is_of_files"],
                batch_size=5000,
            )

    def _retire(self) -> None:
        if self.present().exists():
            self.present().update(gone_at_revision=Catalog.get().revision + 1)

    def naming(self, hashes: Iterable[str]) -> set[int]:
        """Keys of the resources that name one of these, or did in a text that may still stand."""
        found = set[int]()
        for part in batched(sorted(set(hashes)), QUERY_KEYS):
            rows = self.filter(info_hash__in=part)
            found.update(rows.values_list("resource_id", flat=True))
        return found

    def of(self, ids: Collection[int], hashes: models.QuerySet[Any, Any]) -> dict[int, set[str]]:
        """Those of these resources that name one of these hashes, a query of them, and which."""
        found: dict[int, set[str]] = {}
        for part in batched(sorted(ids), QUERY_KEYS):
            rows = self.filter(resource_id__in=part, info_hash__in=hashes)
            for pk, each in rows.values_list("resource_id", "info_hash"):
                found.setdefault(pk, set()).add(each)
        return found

    def tell(
        self, hashes: Collection[str], *, is_blocked: bool, besides: Collection[int] = ()
    ) -> None:
        """Have the public see anew what names these, since they are blocked now, or are not any
        more; `besides` are those that it will not see anyhow."""
        ids = sorted(self.naming(hashes).difference(besides))
        if ids:
            reason = reasons.BLOCKED_IN_TEXTS if is_blocked else reasons.FREE_IN_TEXTS
            Catalog.advance(reason(number=len(ids)), ids, masked=ids if is_blocked else ())

    def forget(self, revision: int) -> None:
        """Drop what no text named any more in that revision."""
        self.filter(gone_at_revision__lte=revision).delete()


class TextHash(models.Model):
    """One hash that one resource names.

    No foreign key: the resource may be deleted before the site knows.
    """

    info_hash = models.CharField(max_length=64)
    resource_id = models.BigIntegerField(db_index=True)
    is_of_files = models.BooleanField(default=False)
    """In the name of a file, not in what people wrote."""
    gone_at_revision = models.PositiveBigIntegerField(null=True, db_index=True)
    """Of the catalog, when the text stopped naming it."""

    objects = TextHashQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "info_hash", "resource_id", "is_of_files", name="resources_text_hash_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.info_hash} in {self.resource_id}"


def named_by(row: ResourceFields) -> set[str]:
    """The hashes that what people wrote of a resource names."""
    lines = _BETWEEN.join(_lines(row, row.magnet))
    return info_hashes.named(lines).union(row.mentions)


def _lines(row: ResourceFields, magnet: Magnet) -> Iterator[str]:
    """What is shown of it beside its text. Its own hashes are no mention."""
    yield from (row.title, row.licence, row.source_url)
    for each in row.checksums:
        yield from (each["value"], each.get("file") or "")
    yield from (magnet.name, *magnet.trackers, *magnet.web_seeds)
