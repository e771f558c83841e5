from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils import timezone

from ghost.core.command import GhostCommand
from teams.models import Team, Token
from teams.roles import Role

MAX_DAYS = 36_500


class Command(GhostCommand):
    help = "Issues a token and prints its raw form, alone, on standard output. It is shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "role", metavar="ROLE", choices=Role.values, help=", ".join(Role.values)
        )
        parser.add_argument("name", metavar="NAME", help="public name of the publisher")
        parser.add_argument("--team", type=int, metavar="ID", help="the team of a TeamMember")
        parser.add_argument("--expires", type=int, metavar="DAYS", help="days that it is valid")
        parser.add_argument(
            "--needs-review", action="store_true",
            help="what the Publisher and its teams publish waits for an operator's approval",
        )  # fmt: skip
        parser.add_argument(
            "--read-only", action="store_true",
            help="it may read, listen to events and use Torznab, nothing else",
        )  # fmt: skip

    def handle(
        self,
        *_: object,
        role: str,
        name: str,
        team: int | None,
        expires: int | None,
        needs_review: bool,
        read_only: bool,
        **__: object,
    ) -> None:
        if expires is not None and not 0 < expires <= MAX_DAYS:
            raise CommandError(f"--expires takes 1 to {MAX_DAYS} days.")
        if (role == Role.TEAM_MEMBER) != (team is not None):
            raise CommandError("A TeamMember needs --team ID; the other roles take none.")
        if needs_review and role != Role.PUBLISHER:
            raise CommandError("--needs-review is for a Publisher; its teams are reviewed with it.")
        if team is not None and not Team.objects.filter(pk=team).exists():
            raise CommandError(f"There is no team {team}.")
        until = timezone.now() + timedelta(days=expires) if expires else None
        try:
            _token, raw = Token.objects.issue(
                Role(role),
                name,
                team_id=team,
                expires_at=until,
                needs_review=needs_review,
                is_read_only=read_only,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(raw)
