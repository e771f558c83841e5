"""manage.py blocklist import FILE, blocklist export [FILE]."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError
from django.db import DatabaseError

from ghost.core import termination
from ghost.core.audit import actors
from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import one_moment, trouble
from ghost.core.errors import GhostError
from ghost.core.io import text_encodings
from ghost.core.io.files import replacing
from resources.exchange import blocklist, formats
from resources.exchange.report import Report
from resources.management.progress import ProgressLine
from resources.models import Block, Resource

PRIVATE = 0o600
BY = "blocklist import"


class Command(GhostCommand):
    help = (
        "Takes blocked info-hashes in from a file, or writes them to one. A file has a hash or magnet link on each"
        " line, with comments behind #, or is a CSV of info_hash, reason and created_at. What is blocked already stays."
        " The last line is JSON: what was done, seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", metavar="import|export", required=True)
        taken = acts.add_parser("import", help="block what a file names")
        taken.add_argument("file", metavar="FILE", help="- for standard input")
        taken.add_argument(
            "--take-down", action="store_true", help="also what the catalog has of it"
        )
        taken.add_argument(
            "--encoding",
            default=text_encodings.UTF_8,
            metavar="NAME",
            help="of a file that is not in UTF-8: cp1252",
        )
        taken.add_argument(
            "--dry-run", action="store_true", help="say what would happen, write nothing"
        )
        written = acts.add_parser("export", help="write the blocklist as CSV")
        written.add_argument("file", metavar="FILE", nargs="?", default=formats.STANDARD)

    def handle(self, *, act: str, file: str, **options: Any) -> None:  # noqa: ANN401  # Django's
        started, counts, ended = time.monotonic(), Counter[str](), None
        progress = ProgressLine(self.stderr)
        try:
            with termination.as_interrupt():
                if act == "export":
                    self._export(file, counts)
                else:
                    self._import(file, Report(progress.say, counts=counts), progress, options)
        except (GhostError, OSError, DatabaseError, KeyboardInterrupt) as error:
            ended = _ended(error)
        told: dict[str, Any] = dict(counts) | {"seconds": round(time.monotonic() - started, 2)}
        told |= {"error": str(ended)} if ended else {}
        is_piped = act == "export" and file == formats.STANDARD
        (self.stderr if is_piped else self.stdout).write(json.dumps(told), str)
        if ended:
            raise ended
        if refused := counts["refused"]:
            others = "" if options.get("dry_run") else "; the others are in"
            raise CommandError(f"Refused: {refused:,}{others}.")

    def _export(self, file: str, counts: Counter[str]) -> None:
        with one_moment(), _target(file) as stream:
            rows = Block.objects.order_by("info_hash").iterator()
            counts["written"] = blocklist.write(stream, rows)

    def _import(
        self, file: str, report: Report, progress: ProgressLine, options: dict[str, Any]
    ) -> None:
        for name in ("created", "skipped", "refused"):
            report.counts[name] = 0
        takes_down, is_dry = options["take_down"], options["dry_run"]
        encoding = text_encodings.named(options["encoding"])
        with formats.byte_stream(file) as stream, actors.acting_as(BY):
            entries = blocklist.read(stream, report, encoding)
            for found in _steps(entries, report, takes_down=takes_down, is_dry=is_dry):
                for row in found:
                    how = _how(takes_down=takes_down, is_dry=is_dry)
                    progress.say(f"resource {row.pk} “{row.title}”: {how}")
                progress.tell(report.counts["created"], None, "blocked")
        progress.end()
        if report.counts["standing"] and not takes_down:
            progress.say("Run it again with --take-down to take them down.")


def _steps(
    entries: Iterator[blocklist.Entry], report: Report, *, takes_down: bool, is_dry: bool
) -> Iterator[list[Resource]]:
    if is_dry:
        return blocklist.foresee(entries, report, takes_down=takes_down)
    return blocklist.take(entries, report, by=BY, takes_down=takes_down)


def _how(*, takes_down: bool, is_dry: bool) -> str:
    if takes_down:
        return "would be taken down" if is_dry else "taken down"
    return "stays public until it is taken down"


def _ended(error: BaseException) -> CommandError:
    if isinstance(error, KeyboardInterrupt):
        return CommandError("Interrupted: what is in stays in. Run it again.", returncode=130)
    return CommandError(trouble(error) or str(error))


@contextmanager
def _target(name: str) -> Iterator[BinaryIO]:
    if name == formats.STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replacing(Path(name), mode=PRIVATE) as stream:
        yield stream
