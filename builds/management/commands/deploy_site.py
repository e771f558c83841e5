from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError

from builds import deploy
from builds.deploy import DeployReport, after_build
from builds.models import Deployment
from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import require_prepared
from ghost.core.errors import GhostError

NOWHERE = "Nothing says where to: set GHOST_PAGES_REMOTE_URL or GHOST_DEPLOY_TARGET."


class Command(GhostCommand):
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
            report = deploy.deploy_published(
                is_asked=True, is_whole=force, allow_deletions=allow_deletions, tell=self._tell
            )
            after_build.note(report)
        except (GhostError, OSError, DatabaseError) as error:
            require_prepared(error)
            raise CommandError(f"Nothing was deployed. {error}") from error
        result = "done" if report.is_ok else "failed"
        for row in report.deployments:
            how = "ok" if row.is_current else "FAILED"
            self.stderr.write(f"{row.kind:<8} {how}  {report.line(row)}", str)
        targets = [_summary(row, report) for row in report.deployments]
        self.stdout.write(json.dumps({"result": result, "targets": targets}))
        if failed := sum(not row.is_current for row in report.deployments):
            raise CommandError(f"{failed} of {len(targets)} targets failed or wait; see above.")

    def _tell(self, row: Deployment, *, has_ended: bool) -> None:
        """On a terminal: what is tried now; how it ended is told for all of them at the end."""
        if self.stderr.isatty():
            self.stderr.write("\r\x1b[K" if has_ended else f"{row.kind} …", str, "")
            self.stderr.flush()


def _summary(row: Deployment, report: DeployReport) -> dict[str, object]:
    """`changed` and `removed` are this run's."""
    told = {name: getattr(row, name) for name in ("kind", "target", "state", "commit", "files")}
    is_done = row.is_current and row.pk in report.tried
    changed, removed = (row.changed, row.removed) if is_done else (0, 0)
    return told | {"changed": changed, "removed": removed, "error": str(row.error) or None}
