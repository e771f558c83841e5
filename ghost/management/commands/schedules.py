"""manage.py schedules list | run."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from ghost.core.command import GhostCommand
from ghost.core.errors import GhostError
from ghost.operations import schedules
from ghost.operations.figures.queue import timetable


class Command(GhostCommand):
    help = "Shows what runs by the clock, or runs it now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="when each runs, next and last (in GHOST_TIME_ZONE)")
        run = verbs.add_parser("run", help="queue it now, whenever it is due; a worker runs it")
        run.add_argument("name", help="such as scan-health or 'scan health'")

    def handle(self, *, verb: str, name: str = "", **_: object) -> None:
        try:
            getattr(self, f"_{verb}")(name)
        except GhostError as error:
            raise CommandError(str(error)) from error

    def _list(self, _: str) -> None:
        with timezone.override(settings.GHOST.zone):
            for entry in timetable.entries():
                next_run = "paused" if entry.is_paused else self._shown(entry.schedule.next_run)
                last = self._shown(entry.run.ended_at) if entry.run and entry.run.ended_at else "-"
                timing = entry.task.timing if entry.task else ""
                self.stdout.write(f"{entry.name:<26} {timing:<32} next {next_run:<22} last {last}")

    def _shown(self, moment: object) -> str:
        return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"  # type: ignore[arg-type]  # the queue has no types

    def _run(self, name: str) -> None:
        task_id = schedules.run_now(name)
        self.stdout.write(f"{name} is in the queue: task {task_id}.")
