"""manage.py queue show | pause | resume | drain: whether workers begin tasks."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser

from django.core.management.base import CommandError

from ghost.core.audit import actors
from ghost.core.command import GhostCommand
from ghost.core.jobs import pause
from ghost.core.jobs.pause import Drain
from ghost.operations.dashboards import queue_state

LOOK_EVERY_S = 0.5


class Command(GhostCommand):
    help = "Shows the queue, keeps all hosts from beginning tasks, or lets them begin again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("show", help="whether it is paused, what runs and what waits")
        verbs.add_parser("resume", help="let tasks begin again")
        for verb, told in (
            ("pause", "start nothing new on any host; what runs comes to its end"),
            ("drain", "the same, for who then waits until nothing runs (--wait)"),
        ):
            parser = verbs.add_parser(verb, help=told)
            parser.add_argument("--wait", action="store_true", help="until nothing runs any more")
            parser.add_argument(
                "--timeout", type=float, default=3600, metavar="SECONDS",
                help="wait no longer (default: 3600); exit status 1 if something still runs then",
            )  # fmt: skip

    def handle(self, *, verb: str, wait: bool = False, timeout: float = 0, **_: object) -> None:
        with actors.acting_as("queue"):
            drain = VERBS[verb]()
        if wait:
            drain = self._await(time.monotonic() + timeout)
        self.stdout.write(json.dumps(_plain(drain)))

    def _await(self, deadline: float) -> Drain:
        """How it stands once nothing runs; CommandError if that takes too long, or it is resumed."""
        told = None
        while not (drain := pause.look()).is_drained:
            if drain.paused_at is None:
                raise CommandError("Somebody resumed the queue.")
            if time.monotonic() >= deadline:
                raise CommandError(f"Still running: {drain.running}. The queue stays paused.")
            if drain.running != told:
                self.stderr.write(f"still running: {drain.running}")
                told = drain.running
            time.sleep(LOOK_EVERY_S)
        return drain


VERBS = {
    "show": pause.look,
    "pause": pause.pause,
    "drain": pause.pause,
    "resume": queue_state.resume,
}


def _plain(drain: Drain) -> dict[str, object]:
    return {
        "state": drain.state,
        "is_drained": drain.is_drained,
        "paused_at": drain.paused_at.isoformat() if drain.paused_at else None,
        "running": drain.running,
        "waiting": drain.waiting,
    }
