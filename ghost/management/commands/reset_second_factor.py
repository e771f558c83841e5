"""manage.py reset_second_factor NAME."""

from __future__ import annotations

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from ghost.accounts.factors import second_factor_changes
from ghost.core.audit import actors
from ghost.core.command import GhostCommand


class Command(GhostCommand):
    help = "Removes somebody's second factor, if nobody who could do so in the admin is left."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the name they sign in by")

    def handle(self, *, username: str, **_: object) -> None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is nobody called {username}.")
        with actors.acting_as("reset_second_factor"):
            ended = second_factor_changes.reset(person)
        if ended is None:
            raise CommandError(f"{username} has no second factor.")
        self.stdout.write(f"Removed the second factor of {username}; sessions ended: {ended}.")
