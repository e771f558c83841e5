"""manage.py cleanup: remove what is beyond its bound, or say what that would be."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError

from django.core.management.base import CommandError

from ghost.core.audit import actors
from ghost.core.command import GhostCommand
from ghost.operations import cleanup


class Command(GhostCommand):
    help = "Removes what is beyond its bound in every table and folder that grows, as the schedules do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="remove nothing: say what would be removed"
        )
        parser.add_argument(
            "--days", type=_days, metavar="DAYS",
            help="keep samples, scans, builds, ended tasks and their like for fewer days than GHOST_KEEP_DAYS",
        )  # fmt: skip

    def handle(self, *, dry_run: bool, days: int | None, **_: object) -> None:
        with actors.acting_as("cleanup"):
            found = cleanup.run(days, dry_run=True) if dry_run else cleanup.run_here(days)
        for each in found.outcomes:
            told = str(each.error) if each.error else f"{each.number:,}"
            self.stdout.write(f"{each.name:<22} {each.where:<26} {told}")
        last = {"dry_run": dry_run, "days": days, "total": found.total}
        self.stdout.write(json.dumps(last))
        if any(each.error for each in found.outcomes):
            raise CommandError("Something could not be removed.")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 36_500):
        raise ArgumentTypeError("must be a number of days: 1 to 36500")
    return int(text)
