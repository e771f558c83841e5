"""manage.py qcluster: the workers of this host. It checks the configuration and becomes the small
parent of two programs, which it starts by this command too."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from ghost.core.config.env import BASE_DIR
from ghost.core.jobs import release
from ghost.operations import schedules, startup, watch
from ghost.operations.workers import guard, parent


class Command(BaseCommand):
    help = "Run the workers of the queue, and start again what ends of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=("cluster", "watch"), help=SUPPRESS)
        parser.add_argument("--heard-by", type=int, help=SUPPRESS)
        parser.add_argument("--died", default="", help=SUPPRESS)

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401  # Django's
        def tell(line: str) -> None:
            with suppress(OSError):  # nobody listens, or has for long
                os.write(options["heard_by"], f"{line}\n".encode())

        def goes_on() -> bool:
            tell("")
            return False

        if options["only"] == "cluster":
            startup.Start().wait(is_stopping=goes_on)
            schedules.catch_up()
            release.release_dead([int(each) for each in options["died"].split(",") if each])
            connections.close_all()  # the processes below must not share ours
            guard.Guard(tell)
        elif options["only"] == "watch":
            parent.control_process(parent.PR_SET_NAME, b"ghost-watch")
            startup.Start().wait(is_stopping=goes_on)
            watch.keep(beat=lambda: tell(""))
        else:
            # Nothing of Django stays; -P: the program's folder is no place to look for modules.
            argv = [sys.executable, "-P", parent.__file__, str(BASE_DIR / "manage.py")]
            os.execv(sys.executable, argv)  # noqa: S606  # no shell is needed
