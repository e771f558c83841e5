"""manage.py backup create | list | verify FILE | restore FILE."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from ghost.core.errors import GhostError
from ghost.operations import backups


class Command(BaseCommand):
    help = "Makes, lists, proves and restores backups (database, metadata, covers)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("create", help="write a new backup into GHOST_BACKUP_DIR")
        verbs.add_parser("list", help="list the backups, newest first")
        for verb, words in (
            ("verify", "read a backup whole and prove it"),
            ("restore", "replace the database, metadata and covers with a backup's"),
        ):
            verbs.add_parser(verb, help=words).add_argument("file", type=Path)

    def handle(self, *, verb: str, **options: Any) -> None:  # noqa: ANN401  # argparse's
        try:
            getattr(self, f"_{verb}")(options.get("file"))
        except GhostError as error:
            raise CommandError(str(error)) from error

    def _create(self, _: None) -> None:
        self.stdout.write(str(backups.create().path))

    def _list(self, _: None) -> None:
        for archive in backups.list_all():
            kind = "encrypted" if archive.is_encrypted else "not encrypted"
            when = f"{archive.created_at:%Y-%m-%d %H:%M:%S} UTC"
            proven = "proven" if archive.verified_at else "not proven"
            self.stdout.write(
                f"{when}  {archive.bytes:>12,}  {kind:<13}  {proven:<10}  {archive.path}"
            )

    def _verify(self, file: Path) -> None:
        self.stdout.write(f"{file.name}: whole, {backups.verify(file)} files.")

    def _restore(self, file: Path) -> None:
        connections.close_all()
        done = backups.restore(file)
        self.stdout.write(f"{file.name} restored. Run “manage.py prepare” before you start again.")
        for path in done.kept:
            self.stdout.write(f"The former state is kept in {path}")
        for note in done.notes:
            self.stdout.write(note)
