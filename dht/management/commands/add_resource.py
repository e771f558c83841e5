"""manage.py add_resource MAGNET --title TITLE --category PATH [--publisher NAME]."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from dht import probe_jobs, tasks
from dht.prober import GRACE_S, POLL_S
from ghost.core import termination
from ghost.core.audit import actors
from ghost.core.errors import GhostError, RefusedError
from ghost.core.heartbeats import workers
from resources.exchange.accounts import People
from resources.management.progress import ProgressLine
from resources.models import ProbeStatus, Resource
from resources.publishing import publish
from teams.models import Token
from teams.roles import Role


class Command(BaseCommand):
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
        row = self._added(magnet, options)
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
        try:
            with actors.acting_as("add_resource"):
                values = {
                    "title": options["title"],
                    "magnet_uri": magnet,
                    "category_id": People().at(options["category"].strip("/")).pk,
                }
                row = publish.add(values, by=_publisher(options["publisher"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except GhostError as error:
            raise CommandError(str(error)) from error
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


def _told(row: Resource, started: float) -> dict[str, Any]:
    return {
        "id": row.pk,
        "magnet_hash": row.magnet_hash,
        "title": row.title,
        "probe_status": str(ProbeStatus(row.probe_status).value),
        "total_size_bytes": row.total_size_bytes,
        "file_count": row.file_count,
        "seconds": round(time.monotonic() - started, 2),
    }
