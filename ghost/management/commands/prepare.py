"""manage.py prepare: everything between unpacking a release and starting it."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command

from ghost.accounts.links import first_operator
from ghost.core.command import GhostCommand
from ghost.core.text.reasons import put_into_words
from ghost.operations import file_modes, schedules
from ghost.operations.start import folds, startup
from teams import first_admin


class Command(GhostCommand):
    help = "Migrates, and puts right at once what web and worker put right when they start. Safe to repeat."

    def handle(self, *_: object, **__: object) -> None:
        file_modes.put_right()
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        if folds.is_outdated():
            self.stdout.write(str(put_into_words(folds.renew())))
        done = startup.put_right()
        schedules.catch_up()
        for name in done:
            self.stdout.write(f"Put right: {name}")
        if startup.FIRST_ADMIN in done:
            path = settings.GHOST.secrets_dir / first_admin.FILE_NAME
            self.stdout.write(f"An Admin token was made: it stands in {path}")
        if first_operator.path().exists():
            told = "Nobody can sign in to the admin yet: the link to begin with stands in"
            self.stdout.write(f"{told} {first_operator.path()}")
        self.stdout.write("Ready to start.")
