from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_q.tasks import async_task

from builds import pipeline
from builds.models import Build, BuildState, Step
from builds.tasks import build_when_quiet
from ghost.errors import GhostError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Command(BaseCommand):
    help = "Build the public site now. The last line is JSON: result, resources, pages, stages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="render and publish even if nothing changed"
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:  # noqa: ANN401  # Django's
        build = Build.objects.claim("manage.py build_site")
        if build is None:
            raise CommandError("Somebody else is building just now; try again when it has ended.")
        try:
            pipeline.run(build, force=force, tell=self._tell)
        except GhostError as error:
            raise CommandError(str(error)) from error
        if BuildState.get().pending_changes:  # changed meanwhile, and its task found us building
            async_task(build_when_quiet)
        for address in build.set_aside:
            self.stderr.write(f"set aside, since Hugo can't render it: {address}")
        self.stdout.write(json.dumps(_summary(build, build.steps.all())))

    def _tell(self, step: Step) -> None:
        if step.ended_at is None:
            if self.stderr.isatty():
                self.stderr.write(f"{step.name} …", ending="\r")
                self.stderr.flush()
            return
        how = "ok" if step.is_ok else "FAILED"
        counts = ", ".join(f"{name} {count}" for name, count in step.counts.items())
        self.stderr.write(f"{step.name:<8} {how} {step.seconds:7.2f} s  {counts}")


def _summary(build: Build, steps: Iterable[Step]) -> dict[str, object]:
    return {
        "result": build.state,
        "resources": build.resources,
        "pages": build.pages,
        "stages": {step.name: round(step.seconds or 0, 3) for step in steps},
    }
