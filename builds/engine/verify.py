"""Whether the public site is what the tables say, file by file: the nightly look at everything.

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

from builds.data.progress import Beat, counted
from builds.data.records import Record
from builds.listings.reader import Shelf
from builds.models import BuildState, Due, Output
from builds.models.site import files_of
from builds.pages import json_index
from builds.pages.outputs import Maker
from builds.search import entries

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
    def told(self) -> str:
        """The first few of them, for the log."""
        named = [*sorted(self.owners), *sorted(self.spoilt), *self.strays]
        return ", ".join(named[:SHOWN] + ["search"] * self.is_search_off)


def look(shelf: Shelf, site: Path, beat: Beat) -> Drift:
    """Compare every record with its row, and every row with its files."""
    drift = Drift()
    _compare_records(shelf, drift, beat)
    _compare_files(site, drift, beat)
    return drift


def note(drift: Drift) -> None:
    """Ask for mending: the next delta makes anew what is noted here."""
    Output.objects.bulk_create(
        [
            Output(address="/" + path, owner=STRAY, is_page=False, digest="", size_bytes=0)
            for path in drift.strays
        ],
        ignore_conflicts=True,
    )
    spoilt = sorted(drift.spoilt)
    for start in range(0, len(spoilt), 400):
        rows = Output.objects.filter(pk__in=spoilt[start : start + 400])
        drift.owners |= set(rows.values_list("owner", flat=True))
        rows.update(digest="")
    aside = Output.objects.left_aside()  # tried again: what Hugo lacked may be there now
    drift.owners |= set(aside.values_list("owner", flat=True))
    aside.update(digest="", aside="")
    if drift.is_search_off or "search" in drift.owners:  # no part of it can be made alone
        BuildState.objects.filter(pk=1).update(token="")
    owners = drift.owners | ({STRAY} if drift.strays else set())
    Due.objects.add(dict.fromkeys(sorted(owners - {"search"})))


def _compare_records(shelf: Shelf, drift: Drift, beat: Beat) -> None:
    rows = Output.objects.in_parts("digest", "size_bytes", "owner", rows=BATCH)
    stored = {address: (digest, size, owner) for address, digest, size, owner in rows}
    told = {a: (digest, size) for a, (digest, size, _) in stored.items() if json_index.is_shard(a)}
    maker = Maker(shelf)
    for owner, record in counted(_every(maker, told, shelf), len(stored), beat):
        if json_index.is_shard(record.address):
            told[record.address] = (record.digest, record.size)
        digest, _, _ = stored.pop(record.address, ("", 0, ""))
        if digest != record.digest:
            drift.owners.add(owner)
    drift.owners |= {owner for _, _, owner in stored.values()}
    drift.is_search_off = "search" in drift.owners


def _every(
    maker: Maker, told: dict[str, tuple[str, int]], shelf: Shelf
) -> Iterator[tuple[str, Record]]:
    found = (("search", file) for file in entries.whole(shelf))
    return chain(maker.entries(), maker.lists(), _late(maker, told), found)


def _late(maker: Maker, told: dict[str, tuple[str, int]]) -> Iterator[tuple[str, Record]]:
    """What needs the shards told: not asked for before they were."""
    yield from maker.others(told)


def _compare_files(site: Path, drift: Drift, beat: Beat) -> None:
    there = set(_walk(site))
    rows = Output.objects.in_parts("is_page", "aside", "digest", rows=BATCH)
    all_rows = counted(rows, Output.objects.count(), beat)
    for address, is_page, aside, digest in all_rows:
        wanted = files_of(address, is_page=is_page, aside=aside)
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
