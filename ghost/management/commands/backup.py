"""manage.py backup create | list | verify FILE | restore FILE."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connections

from ghost.core.command import GhostCommand
from ghost.core.errors import GhostError
from ghost.operations import backups
from ghost.operations.backups import Kind, earlier_ghost, register
from ghost.operations.backups.models import Backup


class Command(GhostCommand):
    help = "Makes, lists, proves and restores backups (database, metadata, covers)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="write a new backup into GHOST_BACKUP_DIR")
        create.add_argument(
            "--type", dest="kind", choices=list(Kind), default=Kind.FULL,
            help="full (default), or schema: the tables without their rows",
        )  # fmt: skip
        verbs.add_parser("list", help="list the backups, newest first")
        verify = verbs.add_parser(
            "verify",
            help="prove a backup: read it whole, restore it to where it goes away, and count",
        )
        verify.add_argument("file", type=Path)
        restore = verbs.add_parser(
            "restore", help="replace the database, metadata and covers with a backup's"
        )
        restore.add_argument("file", type=Path, help="or ghost-db-*.db.age of the earlier Ghost")
        restore.add_argument(
            "--force", action="store_true",
            help="although there is a catalog here, which is kept beside the new one",
        )  # fmt: skip
        restore.add_argument(
            "--metadata-dir", type=Path, metavar="DIR", help="the earlier Ghost's file lists"
        )

    def handle(self, *, verb: str, **options: Any) -> None:  # noqa: ANN401  # argparse's
        try:
            if backups.finish_interrupted():
                self.stdout.write("A restore that was interrupted is finished.")
            getattr(self, f"_{verb}")(**options)
        except GhostError as error:
            raise CommandError(str(error)) from error

    def _create(self, *, kind: str, **_: object) -> None:
        self.stdout.write(str(register.create(Kind(kind)).path))

    def _list(self, **_: object) -> None:
        rows = _rows()
        for archive in backups.list_all():
            sealed = "encrypted" if archive.is_encrypted else "not encrypted"
            when = f"{archive.created_at:%Y-%m-%d %H:%M:%S} UTC"
            state = _state(rows.get(archive.path.name))
            self.stdout.write(
                f"{when}  {archive.bytes:>12,}  {archive.kind:<6}  {sealed:<13}  {state:<10}  {archive.path}"
            )

    def _verify(self, *, file: Path, **_: object) -> None:
        if earlier_ghost.is_one(file):
            with earlier_ghost.opened(file, force=True):
                self.stdout.write(f"{file.name}: a database of the earlier Ghost.")
            return
        self.stdout.write(f"{register.prove(file).told()}.")

    def _restore(self, *, file: Path, force: bool, metadata_dir: Path | None, **_: object) -> None:
        if earlier_ghost.is_one(file):
            self._take_over(file, metadata_dir, force=force)
            return
        connections.close_all()
        done = backups.restore(file, force=force)
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"{file.name} is restored: start web and worker.")
        for place in done.kept:
            self.stdout.write(f"The former state is kept in {place}")
        for note in done.notes:
            self.stdout.write(note)

    def _take_over(self, file: Path, metadata_dir: Path | None, *, force: bool) -> None:
        with earlier_ghost.opened(file, force=force) as database:
            call_command("migrate", interactive=False, verbosity=0)
            call_command(
                "import_catalog", str(database), metadata_dir=metadata_dir, stdout=self.stdout
            )


def _rows() -> dict[str, Backup]:
    """What is known of each; nothing where there is no database yet."""
    try:
        return {row.name: row for row in Backup.objects.all()}
    except DatabaseError:
        return {}


def _state(row: Backup | None) -> str:
    if row is None or row.proven_at is None:
        return "not proven"
    if row.is_counted_only:
        return "counted"
    return "proven" if row.is_proven else "FAILED"
