from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from builds import reasons
from builds.models import Build, Extent, Step
from builds.requests import note_request
from builds.run import reason_of
from builds.tasks import carry_out
from ghost.core.catalog.models import Catalog
from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import require_prepared
from ghost.core.errors import GhostError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

BY = "manage.py build_site"
BUSY = "Somebody else is building just now; try again when it has ended, or a minute after it was killed."
SAID_EVERY_S = 10
"""How far a step is, where that can't be shown in place: in a log, say."""


class Command(GhostCommand):
    help = (
        "Build the public site now. The last line is JSON: result, full, resources, pages,"
        " changed (files), stages (seconds). Exit status 1 if it was not built, or not deployed."
    )

    _said_at = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--force", action="store_true", help="render everything anew")
        how.add_argument(
            "--verify", action="store_true", help="compare everything, and mend what is wrong"
        )

    def handle(self, *args: Any, force: bool, verify: bool, **options: Any) -> None:  # noqa: ANN401  # Django's
        try:
            build = _claimed(_extent(force=force, verify=verify))
            carry_out(build, force=force, verify=verify, listener=self._tell)
        except GhostError as error:
            raise CommandError(str(error)) from error
        except (OSError, DatabaseError) as error:  # a full disk, a locked database
            require_prepared(error)
            raise CommandError(f"The site was not built. {reason_of(error)}") from error
        self._end(build, list(build.steps.all()))

    def _end(self, build: Build, steps: list[Step]) -> None:
        for address in build.set_aside:
            self.stderr.write(f"set aside, since Hugo can't render it: {address}")
        self.stdout.write(json.dumps(_summary(build, steps)))
        if failed := build.undelivered:
            raise CommandError(f"The site is built, but not deployed. {failed.text}".strip())

    def _tell(self, step: Step) -> None:
        if step.ended_at is None:
            self._tell_progress(step)
            return
        how = "ok" if step.is_ok else "FAILED"
        counts = ", ".join(f"{name} {count:,}" for name, count in step.counts.items())
        line = f"{step.name:<8} {how} {step.seconds:7.2f} s  {counts}".rstrip()
        self.stderr.write(f"\r\x1b[K{line}" if self.stderr.isatty() else line, str)

    def _tell_progress(self, step: Step) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{_progress(step)}", str, "")
            self.stderr.flush()
        elif step.total and time.monotonic() - self._said_at >= SAID_EVERY_S:
            self._said_at = time.monotonic()
            self.stderr.write(_progress(step), str)


def _claimed(extent: Extent) -> Build:
    """The build that is asked for; RefusedError, and nothing is written, if one is under way."""
    with Catalog.turn():
        build = Build.objects.claim(BY)
        if build:
            note_request(reasons.ASKED_AT_COMMAND_LINE(), extent)
    if build is None:
        raise RefusedError(BUSY)
    return build


def _extent(*, force: bool, verify: bool) -> Extent:
    if verify:
        return Extent.VERIFICATION
    return Extent.EVERYTHING if force else Extent.CHANGES


def _progress(step: Step) -> str:
    if not step.total:
        return f"{step.name:<8} …"
    percent = 100 * step.done // step.total
    return f"{step.name:<8} … {step.done:,} of {step.total:,} ({percent} %)"


def _summary(build: Build, steps: Iterable[Step]) -> dict[str, object]:
    seconds: Counter[str] = Counter()
    for step in steps:  # a full build that comes after a delta has some of them twice
        seconds[step.name] += step.seconds or 0  # type: ignore[assignment]  # typeshed: int alone
    return {
        "result": build.state,
        "full": build.is_full,
        "resources": build.resources,
        "pages": build.pages,
        "changed": build.changed,
        "stages": {name: round(took, 3) for name, took in seconds.items()},
    }
