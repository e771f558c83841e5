"""`ghost bulk`: a file of many."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from ..bulk import MAX_ITEMS, Outcome
from ..errors import OK, REFUSED, Json, SetupError
from ..ghost_api import Ghost
from ..item_files import read_items
from ..screen import Screen
from .inputs import opened
from .probe_wait import Probes, wait_for_probes

PATIENCE_S = 600.0
"""For so long one of many requests is tried again: a server that is started anew is waited for."""
MAX_SHOWN = 20
"""So many refusals are shown on the screen; a report has them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `ghost bulk`: an NDJSON or CSV file, and how to go through it."""
    parser.add_argument("file", metavar="FILE", help=".ndjson or .csv; - for standard input")
    parser.add_argument("--csv", action="store_true", help="it is CSV, whatever its name")
    parser.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
    parser.add_argument("--wait", action="store_true", help="wait until all probes have ended")
    parser.add_argument(
        "--timeout", type=float, default=math.inf, metavar="S", help="for so many seconds at most"
    )
    parser.add_argument("--report", metavar="FILE", help="write each outcome there, as NDJSON")


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Publish all that is in the file; 1 if anything was refused, or with --wait not reached."""
    tally = Tally(screen, is_dry=args.dry_run)
    tasks: dict[str, None] = {}
    with opened(args.file) as file, _report(args.report) as report:
        is_csv = args.csv or args.file.lower().endswith(".csv")
        items = read_items(file, is_csv=is_csv, notify=screen.note)
        for outcome in ghost.bulk(items, dry_run=args.dry_run, tell_sent=tally.tell_sent):
            if outcome.task_id and not args.dry_run:
                tasks[outcome.task_id] = None
            if report:
                report.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            tally.add(outcome)
    ended = wait_for_probes(ghost, list(tasks), screen, args.timeout) if args.wait else Probes()
    tally.finish(has_report=bool(args.report), more=ended.told)
    return REFUSED if tally.counts["refused"] and ended.exit_status == OK else ended.exit_status


class Tally:
    """How many of each outcome, and what of that is said on the way."""

    def __init__(self, screen: Screen, *, is_dry: bool) -> None:
        self.counts = {"created": 0, "created_before": 0, "listed": 0, "refused": 0}
        self._screen, self._is_dry = screen, is_dry

    def tell_sent(self, count: int) -> None:
        """That so many are sent, and the last of them have no answer yet."""
        self._screen.progress(f"{count} sent, waiting for the answer", is_line=True)

    def add(self, outcome: Outcome) -> None:
        """Count it; say why it was refused, and now and then how many there are."""
        self.counts[outcome.outcome] += 1
        if outcome.problem and self.counts["refused"] <= MAX_SHOWN:
            where = outcome.name or f"line {outcome.line}"
            self._screen.note(f"{where}: {outcome.problem['detail']}")
        for note in outcome.notes:
            self._screen.note(f"{outcome.name or f'line {outcome.line}'}: {note}")
        is_line = sum(self.counts.values()) % MAX_ITEMS == 0
        self._screen.progress(self._summary(), is_line=is_line)

    def finish(self, *, has_report: bool, more: Json) -> None:
        """Print the counts at the end, `more` beside them, and how many refusals were not shown."""
        if self.counts["refused"] > MAX_SHOWN and not has_report:
            hidden = self.counts["refused"] - MAX_SHOWN
            self._screen.note(f"… and {hidden} more; --report FILE keeps all.")
        lines = [self._summary()]
        if probes := more.get("probes"):
            lines.append("probes: " + ", ".join(f"{n} {name}" for name, n in probes.items()))
        self._screen.result({**self.counts, "dry_run": self._is_dry, **more}, lines)

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
