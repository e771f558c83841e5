"""manage.py git_backup: commit the public catalog as text, and push it, now."""

from __future__ import annotations

import json
import time

from django.core.management.base import CommandError
from django.db import DatabaseError

from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import require_prepared
from ghost.core.errors import GhostError
from ghost.operations.git_backup import backup


class Command(GhostCommand):
    help = (
        "Commits the public catalog as text to GHOST_GIT_BACKUP_DIR, and pushes it to GHOST_GIT_BACKUP_REMOTE"
        " if there is one. The last line is JSON: commit, resources, is_new, is_pushed, seconds."
    )

    def handle(self, *_: object, **__: object) -> None:
        started = time.monotonic()
        try:
            outcome = backup.run(insists=True)
        except GhostError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            require_prepared(error)
            raise
        for line in outcome.lines():
            self.stderr.write(str(line))
        told = {
            "commit": outcome.commit,
            "resources": outcome.resources,
            "is_new": outcome.is_new,
            "is_pushed": outcome.is_pushed,
            "seconds": round(time.monotonic() - started, 2),
        }
        self.stdout.write(json.dumps(told))
