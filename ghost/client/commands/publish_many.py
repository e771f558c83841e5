"""`ghost bulk`: a file of many."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from ..bulk import MAX_ITEMS, Outcome
from ..errors import OK, REFUSED, SetupError
from ..ghost_api import Ghost
from ..item_files import read_items
from ..screen import Screen
from .inputs import opened

PATIENCE_S = 600.0
"""For so long one of many requests is tried again: a server that died in the middle of one holds its
key for 300 seconds."""
MAX_SHOWN = 20
"""So many refusals are shown on the screen; a report has them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `ghost bulk`: an NDJSON or CSV file, and how to go through it."""
    parser.add_argument("file", metavar="FILE", help=".ndjson or .csv; - for standard input")
    parser.add_argument("--csv", action="store_true", help="it is CSV, whatever its name")
    parser.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
    parser.add_argument("--report", metavar="FILE", help="write each outcome there, as NDJSON")


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Publish all that is in the file; 1 if anything was refused."""
    tally = _Tally(screen, is_dry=args.dry_run)
    with opened(args.file) as file, _report(args.report) as report:
        is_csv = args.csv or args.file.lower().endswith(".csv")
        items = read_items(file, is_csv=is_csv, notify=screen.note)
        for outcome in ghost.bulk(items, dry_run=args.dry_run):
            if report:
                report.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            tally.add(outcome)
    tally.finish(has_report=bool(args.report))
    return REFUSED if tally.counts["refused"] else OK


class _Tally:
    """How many of each outcome, and what of that is said on the way."""

    def __init__(self, screen: Screen, *, is_dry: bool) -> None:
        self.counts = {"created": 0, "created_before": 0, "listed": 0, "refused": 0}
        self._screen, self._is_dry = screen, is_dry

    def add(self, outcome: Outcome) -> None:
        """Count it; say why it was refused, and now and then how many there are."""
        self.counts[outcome.outcome] += 1
        if outcome.problem and self.counts["refused"] <= MAX_SHOWN:
            self._screen.note(f"line {outcome.line}: {outcome.problem['detail']}")
        if sum(self.counts.values()) % MAX_ITEMS == 0:
            self._screen.note(self._summary())

    def finish(self, *, has_report: bool) -> None:
        """Print the counts at the end, and how many refusals were not shown."""
        if self.counts["refused"] > MAX_SHOWN and not has_report:
            more = self.counts["refused"] - MAX_SHOWN
            self._screen.note(f"… and {more} more; --report FILE keeps all.")
        self._screen.result({**self.counts, "dry_run": self._is_dry}, [self._summary()])

    def _summary(self) -> str:
        counts = self.counts
        created = "would be created" if self._is_dry else "created"
        before = f" {counts['created_before']} created before," if counts["created_before"] else ""
        return (
            f"{counts['created']} {created},{before} {counts['listed']} listed already,"
            f" {counts['refused']} refused"
        )


@contextmanager
def _report(path: str | None) -> Iterator[IO[str] | None]:
    """The file of a report, or None; line by line, so that a run that is killed leaves its part."""
    if path is None:
        yield None
        return
    try:
        file = Path(path).open("w", encoding="utf-8", buffering=1)  # noqa: SIM115  # closed below
    except OSError as error:
        raise SetupError(f"{path} can't be written: {error.strerror}") from error
    with file:
        yield file
