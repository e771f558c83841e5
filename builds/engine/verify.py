"""Whether the public site is what the tables say, file by file: the nightly verification.

Builds look at what changed alone. What got lost on the way, by a fault of ours or a hand in the
folder, is found here, noted as due, and mended by the delta that follows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from builds.data.records import Record
from builds.listings.reader import Reader
from builds.models import BuildState, Due, Output
from builds.models.bulk import add
from builds.models.site import FIRST_PART_ROWS, OUTPUT_COLUMNS, files_of
from builds.pages import json_index
from builds.pages.outputs import RecordMaker
from builds.run import Progress
from builds.search import entries
from ghost.core.batches import QUERY_KEYS, batched

SHOWN = 20
BATCH = 2000
STRAY = "stray"
"""Owner of files that nobody asked for: it has no outputs, so the next delta removes them."""


@dataclass
class Drift:
    """Owners whose outputs are not as they should be, and addresses to be written anew."""

    owners: set[str] = field(default_factory=set)
    spoilt: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)
    is_search_off: bool = False

    @property
    def count(self) -> int:
        """How much there is to mend."""
        return len(self.owners | self.spoilt) + len(self.strays) + self.is_search_off

    @property
    def summary(self) -> str:
        """The first SHOWN of them, for the log."""
        named = [*sorted(self.owners), *sorted(self.spoilt), *self.strays]
        return ", ".join(named[:SHOWN] + ["search"] * self.is_search_off)


def compare(reader: Reader, site: Path, progress: Progress) -> Drift:
    """Compare every record with its row, and every row with its files."""
    drift = Drift()
    _compare_records(reader, drift, progress)
    _compare_files(site, drift, progress)
    return drift


def mark_due(drift: Drift, progress: Progress) -> None:
    """Ask for mending: the next delta makes anew what is noted here."""
    for strays in progress.in_parts(drift.strays, FIRST_PART_ROWS):
        with progress.writing():
            add(Output, OUTPUT_COLUMNS, (("/" + path, STRAY, False, "", 0, "") for path in strays))
    for spoilt in batched(sorted(drift.spoilt), QUERY_KEYS):
        rows = Output.objects.filter(pk__in=spoilt)
        drift.owners |= set(rows.values_list("owner", flat=True))
        rows.update(digest="")
    set_aside = Output.objects.set_aside()  # tried again: what Hugo lacked may be there now
    drift.owners |= set(set_aside.values_list("owner", flat=True))
    set_aside.update(digest="", languages_set_aside="")
    if drift.is_search_off or "search" in drift.owners:  # no part of it can be made alone
        BuildState.objects.filter(pk=1).update(token="")
    owners = drift.owners | ({STRAY} if drift.strays else set())
    for due in progress.in_parts(sorted(owners - {"search"}), FIRST_PART_ROWS):
        with progress.writing():
            Due.objects.add(dict.fromkeys(due))


def _compare_records(reader: Reader, drift: Drift, progress: Progress) -> None:
    rows = Output.objects.in_parts("digest", "size_bytes", "owner", rows=BATCH)
    stored = {address: (digest, size, owner) for address, digest, size, owner in rows}
    shards = {
        a: (digest, size) for a, (digest, size, _) in stored.items() if json_index.is_shard(a)
    }
    maker = RecordMaker(reader)
    total = len(stored)
    for number, (owner, record) in enumerate(_every(maker, shards, reader)):
        progress.report_item(number, total)
        if json_index.is_shard(record.address):
            shards[record.address] = (record.digest, record.size)
        digest, _, _ = stored.pop(record.address, ("", 0, ""))
        if digest != record.digest:
            drift.owners.add(owner)
    drift.owners |= {owner for _, _, owner in stored.values()}
    drift.is_search_off = "search" in drift.owners


def _every(
    maker: RecordMaker, shards: dict[str, tuple[str, int]], reader: Reader
) -> Iterator[tuple[str, Record]]:
    search = (("search", file) for file in entries.index_all(reader))
    return chain(maker.entry_records(), maker.listing_records(), _late(maker, shards), search)


def _late(maker: RecordMaker, shards: dict[str, tuple[str, int]]) -> Iterator[tuple[str, Record]]:
    """What needs the shards' digests: not asked for before all of them are known."""
    yield from maker.remaining_records(shards)


def _compare_files(site: Path, drift: Drift, progress: Progress) -> None:
    there = set(_walk(site))
    rows = Output.objects.in_parts("is_page", "languages_set_aside", "digest", rows=BATCH)
    total = Output.objects.count()
    for number, (address, is_page, languages, digest) in enumerate(rows):
        progress.report_item(number, total)
        wanted = files_of(address, is_page=is_page, languages_set_aside=languages)
        is_whole = all(file in there for file in wanted)
        if not is_whole or (not is_page and _sha256(site / wanted[0]) != digest):
            drift.spoilt.add(address)
        there.difference_update(wanted)
    drift.strays = sorted(there)


def _walk(site: Path) -> Iterator[str]:
    """Files that are not empty."""
    start = len(str(site)) + 1
    for where, _, names in os.walk(site):
        for name in names:
            path = f"{where}/{name}"
            if os.stat(path).st_size:  # noqa: PTH116  # a Path for each would cost seconds
                yield path[start:]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
