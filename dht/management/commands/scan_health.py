"""`manage.py scan_health`: look up now who is alive."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from dht import tasks
from dht.health import scanner
from dht.models import Scan, ScanState
from dht.trackers import client
from ghost.core.command import GhostCommand
from ghost.core.errors import GhostError

BAR_CHARS = 30


class Command(GhostCommand):
    help = (
        "Looks resources up in the DHT, longest unchecked first, and stores their health. The"
        " last line is JSON. Exit status 1, and nothing changed, if the scan can't start."
    )

    _said = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--all", action="store_true", help="every resource")
        which.add_argument(
            "--limit", type=int, metavar="N", help="this many (GHOST_DHT_SAMPLE_SIZE)"
        )
        parser.add_argument(
            "--timeout", type=float, metavar="S", help="seconds for a look-up (GHOST_DHT_TIMEOUT_S)"
        )

    def handle(self, **options: Any) -> None:  # noqa: ANN401  # Django's
        limit = scanner.sample_size() if options["limit"] is None else options["limit"]
        try:
            with tasks.stoppable():
                done = scanner.scan(
                    None if options["all"] else limit, timeout_s=options["timeout"], tell=self._tell
                )
        except GhostError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. What was checked is kept.", returncode=130) from None
        finally:
            client.close()  # while threads can still be made, as over HTTP leaving takes one
        if self.stderr.isatty():
            self.stderr.write("")  # the bar's line ends
        self.stdout.write(json.dumps(done.plain() | {"scan": done.pk}))
        if done.state != ScanState.DONE:
            raise CommandError(f"The scan is {done.get_state_display()}; what was checked is kept.")

    def _tell(self, done: Scan) -> None:
        if done.joined and not self._said:
            self.stderr.write(
                f"Scan #{done.pk} is under way, asked for by {done.trigger}; joined.", str
            )
        words = f"{done.checked:,} of {done.total:,} checked, {done.found:,} found alive"
        if self.stderr.isatty():
            full = BAR_CHARS * min(done.checked, done.total) // max(done.total, 1)
            bar = "█" * full + "░" * (BAR_CHARS - full)
            self.stderr.write(f"\r{bar} {words}", str, "")
        elif words != self._said:
            self.stderr.write(words, str)
        self._said = words
