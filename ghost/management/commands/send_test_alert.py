"""manage.py send_test_alert: whether alerts arrive, before somebody needs them."""

from __future__ import annotations

from django.core.management.base import CommandError

from ghost.core.command import GhostCommand
from ghost.core.errors import RefusedError
from ghost.operations.alerts import trial
from ghost.operations.channels.models import Delivery


class Command(GhostCommand):
    help = "Sends a test message by every channel that is configured, and says what came of each."

    def handle(self, **_: object) -> None:
        try:
            rows = trial.send()
        except RefusedError as error:
            raise CommandError(str(error)) from error
        for row in rows:
            told = str(row.error) or "handed over"
            self.stdout.write(f"{row.channel} {row.target}: {told}")
        if any(row.state != Delivery.State.SENT for row in rows):
            raise CommandError("Not every message was taken.")
