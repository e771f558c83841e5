"""manage.py doctor: is this installation well, and what is there to do."""

from __future__ import annotations

import json
import textwrap
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import CommandError

from ghost.core.command import GhostCommand
from ghost.core.config.version import VERSION
from ghost.core.text.unicode import spelt_out
from ghost.operations.doctor import checkup
from ghost.operations.doctor.checkup import Finding, Outcome

MARKS = {
    Outcome.OK: "ok",
    Outcome.WARNED: "warn",
    Outcome.FAILED: "FAILED",
    Outcome.UNKNOWN: "-",
}
ADVISED = (Outcome.WARNED, Outcome.FAILED)
NAME_CHARS = 14
WIDTH = 100


class Command(GhostCommand):
    help = "Checks the whole installation and says what to do; exit status 1 if a check fails."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, for machines")

    def handle(self, *, json: bool, **_: object) -> None:
        self._print_json() if json else self._print_lines()

    def _print_json(self) -> None:
        found = list(checkup.findings())
        is_ok = not _failed(found)
        self.stdout.write(
            json.dumps(
                {"ok": is_ok, "version": VERSION, "checks": [asdict(each) for each in found]}
            )
        )
        if not is_ok:
            raise CommandError(f"{_failed(found)} check(s) failed.")

    def _print_lines(self) -> None:
        found = []
        for each in checkup.findings():
            found.append(each)
            self._print(each)
        if failed := _failed(found):
            raise CommandError(f"{failed} check(s) failed.")
        self.stdout.write("Everything is in order.")

    def _print(self, each: Finding) -> None:
        # Django's styles colour a terminal alone, and not where --no-color or NO_COLOR (manage.py) says so.
        style = {
            Outcome.OK: self.style.SUCCESS,
            Outcome.WARNED: self.style.WARNING,
            Outcome.FAILED: self.style.ERROR,
        }.get(each.outcome, str)
        mark = style(f"{MARKS[each.outcome]:<6}")
        indent = " " * (8 + NAME_CHARS)
        lines = textwrap.wrap(spelt_out(each.told), WIDTH - len(indent)) or [""]
        self.stdout.write(f"{mark}  {each.name:<{NAME_CHARS}}{lines[0]}")
        for line in lines[1:]:
            self.stdout.write(f"{indent}{line}")
        if each.outcome in ADVISED:
            for line in textwrap.wrap(
                f"-> {spelt_out(each.advice)}", WIDTH - len(indent), subsequent_indent="   "
            ):
                self.stdout.write(f"{indent}{line}")


def _failed(found: list[Finding]) -> int:
    return sum(each.outcome == Outcome.FAILED for each in found)
