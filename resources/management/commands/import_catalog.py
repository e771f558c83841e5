"""manage.py import_catalog FILE."""

from __future__ import annotations

import json
import logging
import shlex
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError

from ghost.core import termination
from ghost.core.command import GhostCommand
from ghost.core.db import scratch
from ghost.core.db.snapshot import trouble
from ghost.core.errors import GhostError, RefusedError
from ghost.core.heartbeats import workers
from resources.exchange import activation, formats
from resources.exchange.formats import Format, Source
from resources.exchange.importing.importer import Intake, Options
from resources.exchange.importing.record_rows import Defaults
from resources.exchange.report import Report
from resources.management.progress import ProgressLine
from teams.models import Token

ADVICE = "Activate them if you know them: run it again with --activate-tokens, or in the admin, under Tokens."


log = logging.getLogger(__name__)


class Command(GhostCommand):
    help = (
        "Takes a catalog in: JSON, NDJSON, CSV, a folder of .torrent files, or the SQLite database"
        " of the earlier Ghost. What is here already stays. The last line is JSON: counts, seconds."
        " Exit status 1 if a line was refused, or the file could not be read to its end (`error` says why)."
    )

    _done = 0
    _is_dry_run = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="or a folder; - for standard input")
        parser.add_argument(
            "--encoding", default="", metavar="NAME", help="of a CSV that is not in UTF-8: cp1252"
        )
        parser.add_argument("--format", choices=formats.READ, help="instead of what is found in it")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, write nothing"
        )
        parser.add_argument(
            "--existing", choices=("skip", "update"), default="skip",
            help="what to do with resources that are here: leave them (default), or change them",
        )  # fmt: skip
        parser.add_argument("--report", type=Path, metavar="FILE", help="each refusal as NDJSON")
        parser.add_argument("--category", default="", metavar="PATH", help="for what names none")
        parser.add_argument(
            "--publisher", default="", metavar="NAME", help="for what names none: name or hash"
        )
        parser.add_argument(
            "--make-categories", action="store_true", help="those of a CSV that are not here"
        )
        parser.add_argument(
            "--drafts", action="store_true", help="what names no time to be public is a draft"
        )
        parser.add_argument(
            "--metadata-dir", type=Path, metavar="DIR", help="the earlier Ghost's file lists"
        )
        parser.add_argument(
            "--activate-tokens", action="store_true",
            help="let the file's tokens open the API; each Admin's is asked for, or confirmed",
        )  # fmt: skip
        parser.add_argument(
            "--confirm-admin", action="append", default=[], metavar="NAME/HASH",
            help="an Admin token of the file that is to be activated; may be given repeatedly",
        )  # fmt: skip

    def handle(self, *_: object, file: str, **options: Any) -> None:  # noqa: ANN401  # Django's
        if options["confirm_admin"] and not options["activate_tokens"]:
            raise CommandError("--confirm-admin goes with --activate-tokens.")
        started, counts, ended = time.monotonic(), Counter[str](), None
        self._done, self._is_dry_run = 0, options["dry_run"]
        progress = ProgressLine(self.stderr)
        try:
            with termination.as_interrupt():
                self._run(file, options, counts, progress)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the report comes in any case
            ended = self._ended(error, counts)
        progress.end()
        self._tell(counts, started, ended)

    def _run(
        self, file: str, options: dict[str, Any], counts: Counter[str], progress: ProgressLine
    ) -> None:
        formats.require_there(file)
        with ExitStack() as stack:
            kind = Format(options["format"]) if options["format"] else formats.of_source(file)
            source = stack.enter_context(
                formats.opened(
                    file,
                    kind,
                    metadata_dir=options["metadata_dir"],
                    encoding=options["encoding"],
                )
            )
            if self._is_dry_run:
                stack.enter_context(scratch.on_copy())
            report = Report(progress.say, self._report_file(stack, options), counts)
            intake = Intake(_wanted(options, kind), report)
            self._take(source, intake, progress)
            self._settle(intake.inert_tokens, progress, file, options, counts)

    def _ended(self, error: BaseException, counts: Counter[str]) -> CommandError:
        """Why it ended before its time."""
        match error:
            case KeyboardInterrupt():
                return CommandError(f"Interrupted. {self._advice}", returncode=130)
            case GhostError():
                kept = " What came before it is in." if self._has_kept(counts) else ""
                return CommandError(f"{error}{kept}")
            case OSError() | DatabaseError():
                told = trouble(error)
                return CommandError(told or f"{error}. {self._advice}")
        log.error("The import ended", exc_info=error)
        return CommandError(f"It ended with a fault of Ghost's own, {error!r}. {self._advice}")

    def _has_kept(self, counts: Counter[str]) -> bool:
        """Whether something of the file is here now."""
        return not self._is_dry_run and self._done > counts["refused"]

    @property
    def _advice(self) -> str:
        return "Run it again." if self._is_dry_run else "Run it again: what is in stays in."

    @staticmethod
    def _report_file(stack: ExitStack, options: dict[str, Any]) -> Any:  # noqa: ANN401  # a file or None
        path = options["report"]
        return stack.enter_context(path.open("w", encoding="utf-8")) if path else None

    def _take(self, source: Source, intake: Intake, progress: ProgressLine) -> None:
        for done in intake.take(source.lines):
            self._done += done
            progress.tell(self._done, source.total, "read")
        promised = sum(source.promised.values())
        if promised > self._done:
            raise RefusedError(
                f"The file promises {promised:,} records and has {self._done:,}: it was cut off."
            )

    def _settle(
        self,
        tokens: list[Token],
        progress: ProgressLine,
        file: str,
        options: dict[str, Any],
        counts: Counter[str],
    ) -> None:
        """Activate what may be, and say what may not."""
        counts["tokens_inert"] = len(tokens)
        if options["activate_tokens"] and not self._is_dry_run:
            is_asked = file != formats.STANDARD and sys.stdin.isatty()
            ask = _ask if is_asked else lambda _label: False
            counts["tokens_activated"] = activation.activate(
                tokens, confirmed=options["confirm_admin"], ask=ask
            )
            tokens = list(Token.objects.filter(pk__in=[t.pk for t in tokens], is_inert=True))
            counts["tokens_inert"] = len(tokens)
        if counts["created"] and not self._is_dry_run:
            for note in workers.notes(workers.PROBE_WAITS):
                progress.say(str(note))
        if tokens:
            progress.say(f"tokens: {len(tokens):,} open nothing. {ADVICE}")
        for token in filter(lambda each: each.is_admin, tokens):
            progress.say(f"tokens: --confirm-admin {shlex.quote(activation.label(token))}")

    def _tell(self, counts: Counter[str], started: float, ended: CommandError | None) -> None:
        """The last line; CommandError if not all of the file is in."""
        told: dict[str, Any] = {
            name: counts[name] for name in ("created", "updated", "skipped", "refused")
        }
        told |= {name: count for name, count in sorted(counts.items()) if count}
        told["seconds"] = round(time.monotonic() - started, 2)
        if ended:
            told["error"] = str(ended)
        self.stdout.write(json.dumps(told))
        if ended:
            raise ended
        if refused := counts["refused"]:
            how = "would be" if self._is_dry_run else "was" if refused == 1 else "were"
            others = "; the others are in" if self._has_kept(counts) else ""
            raise CommandError(f"{refused:,} {how} refused{others}.")


def _ask(label: str) -> bool:
    """Whether whoever sits at the terminal types the name of this Admin token."""
    name = label.rpartition("/")[0]
    print(f"{label} may do everything once it is active. Type its name to activate it:")  # noqa: T201  # a question
    return input().strip() == name


def _wanted(options: dict[str, Any], kind: Format) -> Options:
    return Options(
        is_dry_run=options["dry_run"],
        updates=options["existing"] == "update",
        brings_people=kind not in formats.OF_RESOURCES,
        defaults=Defaults(
            category=options["category"],
            publisher=options["publisher"],
            makes_categories=options["make_categories"],
            are_drafts=options["drafts"],
        ),
    )
