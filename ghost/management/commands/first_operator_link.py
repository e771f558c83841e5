"""manage.py first_operator_link: another link where the first one is lost or too old."""

from __future__ import annotations

from django.core.management.base import CommandError

from ghost.accounts.links import first_operator
from ghost.core.command import GhostCommand
from ghost.core.errors import RefusedError


class Command(GhostCommand):
    help = "Makes a link by which the first operator makes an account; earlier ones open nothing any more."

    def handle(self, *_: object, **__: object) -> None:
        try:
            path = first_operator.make_anew()
        except RefusedError as error:
            raise CommandError(f"{error} Passwords: manage.py changepassword NAME.") from error
        hours = int(first_operator.LASTS.total_seconds() // 3600)
        self.stdout.write(f"The link is in {path}; it opens once, within {hours} hours.")
