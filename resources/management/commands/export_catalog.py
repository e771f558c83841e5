"""manage.py export_catalog FILE."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser

from django.core.management.base import CommandError
from django.db import DatabaseError

from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import require_prepared
from ghost.core.errors import GhostError
from resources.exchange import formats
from resources.exchange.catalog import Selection
from resources.exchange.formats import STANDARD, Format, Writing
from resources.management.progress import ProgressLine
from resources.states import State


class Command(GhostCommand):
    help = (
        "Writes the catalog to a file: JSON, NDJSON, CSV, or a folder of .torrent files. The last"
        " line is JSON: what was written, seconds. docs/exchange.md describes the formats."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="where to; - for standard output; a folder with / behind"
        )
        parser.add_argument(
            "--format", choices=formats.WRITTEN, help="instead of what the name says"
        )
        parser.add_argument("--state", choices=State.values, help="only what stands there now")
        parser.add_argument("--category", default="", metavar="PATH", help="only it and below")
        parser.add_argument(
            "--without-tokens", action="store_true", help="publishers by name alone, for sharing"
        )

    def handle(
        self,
        *_: object,
        file: str,
        format: str | None,  # noqa: A002  # the option's name
        state: str | None,
        category: str,
        without_tokens: bool,
        **__: object,
    ) -> None:
        started, writing = time.monotonic(), Writing()
        selection = Selection(State(state) if state else None, category, not without_tokens)
        progress = ProgressLine(self.stderr)
        try:
            kind = Format(format) if format else formats.of_target(file)
            for done, _each in enumerate(formats.write(file, kind, selection, writing), start=1):
                progress.tell(done, writing.total, "written")
        except GhostError as error:
            raise CommandError(str(error)) from error
        except (OSError, DatabaseError) as error:
            require_prepared(error)
            raise CommandError(f"The catalog was not written: {error}.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted; nothing was written.", returncode=130) from None
        progress.end()
        figures = writing.counts | {"seconds": round(time.monotonic() - started, 2)}
        (self.stderr if file == STANDARD else self.stdout).write(json.dumps(figures), str)
