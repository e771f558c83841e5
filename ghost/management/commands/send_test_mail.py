"""manage.py send_test_mail: whether mail arrives, before somebody needs it."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email

from ghost.core.command import GhostCommand
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import mail


class Command(GhostCommand):
    help = "Sends a short mail to an address, or says why it can't be sent."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="to whom it is sent")

    def handle(self, *, address: str, **_: object) -> None:
        try:
            validate_email(address)
            mail.send(address, "Ghost sends mail", "This installation of Ghost can send mail.")
        except ValidationError as error:
            raise CommandError(f"{address}: this is no mail address.") from error
        except RefusedError as error:
            raise CommandError(f"{error} Set it and GHOST_EMAIL_FROM, then try again.") from error
        except OutageError as error:
            raise CommandError(f"{error} Correct GHOST_EMAIL_URL, or mend that server.") from error
        self.stdout.write(
            f"Handed over to the mail server, for {address}. Look whether it arrives."
        )
