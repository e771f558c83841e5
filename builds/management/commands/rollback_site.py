from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from builds.engine import rollback
from builds.engine.rollback import Point
from builds.models import Build
from builds.run import reason_of
from builds.tasks import put_back
from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import require_prepared
from ghost.core.errors import GhostError

NONE = "No earlier state of the site is kept."
BARRED = "no way back: something was taken down since"
ON = (
    "Nothing is built by itself now: manage.py build_site (or “Build now” in the admin) publishes"
    " the present catalog again. A takedown is published all the same."
)


class Command(GhostCommand):
    help = (
        "Put the public site back to an earlier state; then nothing is built by itself until"
        " build_site. The last line is JSON: result, build, held."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "build",
            nargs="?",
            type=_number,
            metavar="BUILD",
            help="number of the build whose state is wanted (the one before the present)",
        )
        parser.add_argument("--list", action="store_true", help="list the states that are kept")

    def handle(self, *args: Any, build: int | None, **options: Any) -> None:  # noqa: ANN401  # Django's
        try:
            if options["list"]:
                self._list()
            else:
                self._go_back(build)
        except GhostError as error:
            raise CommandError(str(error)) from error
        except (OSError, DatabaseError) as error:
            require_prepared(error)
            raise CommandError(
                f"The site may be half restored; build it. {reason_of(error)}"
            ) from error

    def _list(self) -> None:
        found = rollback.points()
        if not found:
            self.stderr.write(NONE, str)
            return
        self.stdout.write(_row("build", "begun (UTC)", "kind", "files", "requested by"))
        last = rollback.LastTakedown.get()
        for point in found:
            barred = f"  {BARRED}" if last.is_after(point.build) else ""
            self.stdout.write(_line(point) + barred)

    def _go_back(self, number: int | None) -> None:
        done = put_back(number, "manage.py rollback_site")
        self.stderr.write(f"The site is as build #{done.back_to} made it. {ON}", str)
        result = {"result": done.state, "build": done.back_to, "held": True}
        self.stdout.write(json.dumps(result))
        if failed := done.undelivered:
            raise CommandError(f"What is deployed was not put back. {failed.text}".strip())


def _line(point: Point) -> str:
    build = point.build
    begun = f"{build.started_at:%Y-%m-%d %H:%M:%S}"
    return _row(f"#{build.pk}", begun, _kind(build), f"{build.changed:,}", build.trigger)


def _kind(build: Build) -> str:
    return "everything" if build.is_full else "changes"


def _row(number: str, begun: str, kind: str, files: str, who: str) -> str:
    return f"{number:>8}  {begun:<19}  {kind:<10}  {files:>9}  {who}"


def _number(text: str) -> int:
    """`12` or `#12`."""
    return int(text.removeprefix("#"))
