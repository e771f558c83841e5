"""manage.py config show | validate | example."""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import groupby

from django.conf import settings
from django.core.management.base import CommandError

from ghost.core.command import GhostCommand
from ghost.core.config import env, listing
from ghost.core.config.version import VERSION
from ghost.core.text.unicode import spelt_out
from ghost.operations import checks


class Command(GhostCommand):
    help = "Shows the configuration in force, or checks it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser(
            "show",
            help="the version of Ghost, and every variable by group: its value (secrets masked), its source",
        )
        verbs.add_parser("validate", help="all problems at once; exit status 1 if there are any")
        verbs.add_parser("example", help="print the text of .env.example")

    def handle(self, *, verb: str, **_: object) -> None:
        getattr(self, f"_{verb}")()

    def _show(self) -> None:
        self.stdout.write(f"Ghost {VERSION}")
        rows = list(listing.describe(settings.GHOST))
        names, values = max(len(r.name) for r in rows), max(len(r.value) for r in rows)
        for heading, group in groupby(rows, key=lambda row: row.heading):
            self.stdout.write(f"\n{heading}")
            for r in group:
                value = spelt_out(r.value)
                self.stdout.write(f"  {r.name:<{names}}  {value:<{min(values, 60)}}  {r.source}")
                if r.next_runs:
                    runs = ", ".join(f"{at:%a %Y-%m-%d %H:%M %Z}" for at in r.next_runs)
                    self.stdout.write(f"  {'':<{names}}  next: {runs}")

    def _validate(self) -> None:
        # Mistakes of type and form end the start of Django, all of them told: see manage.py.
        problems = env.misspelt()
        found = [*checks.installation(), *checks.database(), *checks.broker()]
        found += [*checks.backup_folder(), *checks.groups()]
        problems += [f"{each.msg} {each.hint or ''}".strip() for each in found]
        for problem in problems:
            self.stderr.write(f"config: {spelt_out(problem)}")
        if problems:
            raise CommandError(f"{len(problems)} problem(s) found.")
        self.stdout.write("The configuration is sound.")

    def _example(self) -> None:
        self.stdout.write(listing.example(), ending="")
