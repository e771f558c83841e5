from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from builds.models import Build, Step
from builds.pipeline import told
from builds.tasks import carry_out
from ghost.errors import GhostError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

BUSY = "Somebody else is building just now; try again when it has ended."


class Command(BaseCommand):
    help = "Build the public site now. The last line is JSON: result, resources, pages, stages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="render and publish even if nothing changed"
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:  # noqa: ANN401  # Django's
        try:
            build = Build.objects.claim("manage.py build_site")
            if build is None:
                raise RefusedError(BUSY)
            carry_out(build, force=force, tell=self._tell)
        except GhostError as error:
            raise CommandError(str(error)) from error
        except (OSError, DatabaseError) as error:  # a full disk, a locked database
            raise CommandError(f"The site was not built. {told(error)}") from error
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
