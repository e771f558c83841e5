"""manage.py add_resource MAGNET --title TITLE --category PATH [--publisher NAME]."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import DatabaseError

from dht import probe_jobs, tasks
from dht.prober import GRACE_S, POLL_S
from ghost.core import termination
from ghost.core.audit import actors
from ghost.core.command import GhostCommand
from ghost.core.db.snapshot import trouble
from ghost.core.errors import GhostError, RefusedError
from ghost.core.heartbeats import workers
from resources.exchange.importing.accounts import People
from resources.management.progress import ProgressLine
from resources.models import ProbeStatus, Resource
from resources.publishing import publish
from teams.models import Token
from teams.roles import Role


class Command(GhostCommand):
    help = (
        "Adds a resource and waits for its probe; without a worker it probes by itself. The last line is JSON: id,"
        " magnet_hash, probe_status, size, seconds. Exit status 0 only if the probe reached it; else it is kept and"
        " tried again, and public once that succeeds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("magnet", metavar="MAGNET")
        parser.add_argument("--title", required=True)
        parser.add_argument(
            "--category", required=True, metavar="PATH", help="slugs or names, such as films/old"
        )
        parser.add_argument(
            "--publisher", default="", metavar="NAME",
            help="name or hash of a token; else the oldest Admin token that works",
        )  # fmt: skip

    def handle(self, *, magnet: str, **options: Any) -> None:  # noqa: ANN401  # Django's
        started = time.monotonic()
        try:
            with termination.as_interrupt():
                row = self._added(magnet, options)
        except (GhostError, ValidationError, DatabaseError, KeyboardInterrupt) as error:
            why = _refused(error)
            told = {"id": None, "error": str(why), "seconds": _since(started)}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            raise why from error
        progress = ProgressLine(self.stderr)
        try:
            with termination.as_interrupt():
                self._wait(row, progress)
        except KeyboardInterrupt:
            raise CommandError(
                f"Interrupted. Resource {row.pk} is in, and is probed by a worker.", returncode=130
            ) from None
        except GhostError as error:
            raise CommandError(f"Resource {row.pk} is in, not probed: {error}") from error
        finally:
            progress.end()
            row = Resource.objects.filter(pk=row.pk).first() or row
            self.stdout.write(json.dumps(_told(row, started), ensure_ascii=False))
        if not row.is_probed:
            raise CommandError(
                f"Resource {row.pk} is in, and not public yet: {row.probe_error or 'no probe has ended.'}"
            )

    def _added(self, magnet: str, options: dict[str, Any]) -> Resource:
        """The row, through the same gate as the API's."""
        with actors.acting_as("add_resource"):
            values = {
                "title": options["title"],
                "magnet_uri": magnet,
                "category_id": People().at(options["category"].strip("/")).pk,
            }
            row = publish.add(values, by=_publisher(options["publisher"]))
        for note in row.notes:
            self.stderr.write(str(note))
        return row

    def _wait(self, row: Resource, progress: ProgressLine) -> None:
        if not workers.look.is_alive():
            tasks.run_probes(row.pk)
            return
        begun = time.monotonic()
        longest_s = settings.GHOST.magnet_metadata_timeout_s + GRACE_S
        while (passed_s := time.monotonic() - begun) < longest_s:
            now = Resource.objects.get(pk=row.pk)
            if probe_jobs.has_ended(now):
                return
            progress.tell(int(passed_s), int(longest_s), "seconds waited for the probe")
            time.sleep(POLL_S)


def _publisher(name: str) -> Token:
    if name:
        return People().named(name)
    found = Token.objects.usable().filter(role=Role.ADMIN).order_by("pk").first()
    if found is None:
        raise RefusedError("There is no Admin token that works: name one with --publisher.")
    return found


def _refused(error: BaseException) -> CommandError:
    """Why nothing was added."""
    match error:
        case KeyboardInterrupt():
            return CommandError("Interrupted. Nothing was added.", returncode=130)
        case ValidationError():
            return CommandError(" ".join(error.messages))
        case DatabaseError():
            return CommandError(trouble(error) or str(error))
    return CommandError(str(error))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)


def _told(row: Resource, started: float) -> dict[str, Any]:
    return {
        "id": row.pk,
        "magnet_hash": row.magnet_hash,
        "title": row.title,
        "probe_status": str(ProbeStatus(row.probe_status).value),
        "total_size_bytes": row.total_size_bytes,
        "file_count": row.file_count,
        "seconds": _since(started),
    }
