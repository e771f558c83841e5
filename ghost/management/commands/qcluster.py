"""manage.py qcluster: the workers of this host. It checks the configuration and becomes the small
parent of two programs, which it starts by this command too."""

from __future__ import annotations

import logging
import os
import sys
from argparse import SUPPRESS, ArgumentParser
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.checks import run_checks
from django.core.management.base import CommandError
from django.db import connections

from ghost.core.command import GhostCommand
from ghost.core.config.env import BASE_DIR
from ghost.core.jobs import release
from ghost.core.logs import configuration, rotation
from ghost.operations import schedules
from ghost.operations.chores import watch
from ghost.operations.start import startup
from ghost.operations.workers import guard, parent

log = logging.getLogger(__name__)


class Command(GhostCommand):
    help = "Run the workers of the queue, and start again what ends of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=("cluster", "watch"), help=SUPPRESS)
        parser.add_argument("--heard-by", type=int, help=SUPPRESS)
        parser.add_argument("--died", default="", help=SUPPRESS)

    def check(self, *_args: Any, **_options: Any) -> None:  # noqa: ANN401  # Django's
        """Log what its checks find, which Django would print; CommandError if nothing can work so."""
        found = run_checks()
        for each in found:
            log.log(each.level, "%s: %s %s", each.id, each.msg, each.hint or "")
        if serious := [str(each.msg) for each in found if each.is_serious()]:
            raise CommandError("\n".join(serious))

    def handle(self, *_args: Any, **options: Any) -> None:  # noqa: ANN401  # Django's
        def tell(line: str) -> None:
            with suppress(OSError):  # nobody listens, or has for long
                os.write(options["heard_by"], f"{line}\n".encode())

        def goes_on() -> bool:
            tell("")
            return False

        log_form = _log_form()
        parent.Log.is_json, parent.Log.file = log_form[0] == "json", log_form[1]
        configuration.log_what_nobody_catches()
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
            argv = [sys.executable, "-P", parent.__file__, str(BASE_DIR / "manage.py"), *log_form]
            os.execv(sys.executable, argv)  # noqa: S606  # no shell is needed


def _log_form() -> tuple[str, str]:
    """How the parent is to write its lines, and into which file besides."""
    folder = settings.GHOST.log_dir
    return settings.GHOST.log_format, str(folder / rotation.NAME) if folder else ""
