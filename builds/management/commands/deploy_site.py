from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from builds import delivery, deploy
from builds.models import Deployment
from ghost.errors import GhostError

NOWHERE = "Nothing says where to: set GHOST_PAGES_REMOTE_URL or GHOST_DEPLOY_TARGET."


class Command(BaseCommand):
    help = "Deploy what is published now. The last line is JSON: result, and each target's row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="compare everything, even if nothing changed"
        )
        parser.add_argument(
            "--allow-deletions", action="store_true", help="delete as many files as it takes"
        )

    def handle(self, *args: Any, force: bool, allow_deletions: bool, **options: Any) -> None:  # noqa: ANN401  # Django's
        if not deploy.is_configured():
            raise CommandError(NOWHERE)
        try:
            outcome = deploy.deploy_published(
                is_asked=True, is_whole=force, allow_deletions=allow_deletions, tell=self._tell
            )
            delivery.note(outcome)
        except (GhostError, OSError, DatabaseError) as error:
            raise CommandError(f"Nothing was deployed. {error}") from error
        result = "done" if outcome.is_ok else "failed"
        targets = [_summary(row) for row in outcome.deployments]
        self.stdout.write(json.dumps({"result": result, "targets": targets}))
        if not outcome.is_ok:
            raise CommandError(outcome.text)

    def _tell(self, row: Deployment, *, has_ended: bool) -> None:
        if has_ended:
            how = "ok" if row.is_current else "FAILED"
            self.stderr.write(f"{row.kind:<8} {how}  {row.told}")
        elif self.stderr.isatty():
            self.stderr.write(f"{row.kind} …", ending="\r")
            self.stderr.flush()


def _summary(row: Deployment) -> dict[str, object]:
    names = ("kind", "target", "state", "commit", "files", "changed", "removed")
    return {name: getattr(row, name) for name in names} | {"error": row.error or None}
