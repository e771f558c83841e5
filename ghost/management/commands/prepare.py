"""manage.py prepare: everything between unpacking a release and starting it."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from builds.models import BuildState
from builds.tasks import build_when_quiet
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.operations import schedules
from teams import first_admin, groups


class Command(BaseCommand):
    help = "Migrates, sets up schedules and groups, makes the first Admin token. Safe to repeat."

    def handle(self, *_: object, **__: object) -> None:
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        groups.sync()
        schedules.sync()
        path = first_admin.ensure()
        if path is not None:
            self.stdout.write(f"An Admin token was made: it stands in {path}")
        if settings.GHOST.enable_scheduler and BuildState.get().pending_changes:
            # A new installation gets its first site, and work that a crash cut off goes on.
            queue.enqueue(build_when_quiet, kind=JobKind.BUILD)
        self.stdout.write("Ready to start.")
