"""`manage.py probe MAGNET…`: what is behind these links, without storing anything."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from dht import tasks
from dht.engine import outcomes, probes
from dht.health import scanner
from dht.trackers import client
from ghost.core.command import GhostCommand
from ghost.core.errors import GhostError, RefusedError
from resources.states import ProbeStatus
from resources.torrents import magnets


class Command(GhostCommand):
    help = (
        "Probes magnet links all at once, stores nothing, and prints one JSON line for each as"
        " it ends. Exit status 0 only if every one was reachable."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("magnets", nargs="+", metavar="MAGNET")
        parser.add_argument(
            "--timeout", type=float, metavar="S", help="seconds (GHOST_MAGNET_METADATA_TIMEOUT_S)"
        )
        parser.add_argument("--files", action="store_true", help="list the files too")

    def handle(self, **options: Any) -> None:  # noqa: ANN401  # Django's
        timeout_s = options["timeout"]
        if timeout_s is None:
            timeout_s = settings.GHOST.magnet_metadata_timeout_s
        try:
            scanner.require_sense(None, timeout_s)
            wanted = self._read(options["magnets"])
            with tasks.stoppable():
                is_reachable = [
                    self._tell(wanted[outcome.magnet_hash], outcome, with_files=options["files"])
                    for outcome in probes.probe(wanted.values(), timeout_s)
                ]
        except GhostError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=130) from None
        finally:
            client.close()  # while threads can still be made, as over HTTP leaving takes one
        if len(wanted) < len(options["magnets"]) or not all(is_reachable):
            raise SystemExit(1)

    def _read(self, uris: list[str]) -> dict[str, magnets.Magnet]:
        """The magnets by hash; a line for each that is none."""
        wanted = {}
        for uri in uris:
            try:
                magnet = magnets.parse(uri)
            except RefusedError as error:
                line = {"magnet_uri": uri, "status": "refused", "error": str(error)}
                self.stdout.write(json.dumps(line, ensure_ascii=False))
            else:
                wanted[magnet.hash] = magnet
        return wanted

    def _tell(
        self, magnet: magnets.Magnet, outcome: outcomes.ProbeOutcome, *, with_files: bool
    ) -> bool:
        line: dict[str, Any] = {
            "magnet_hash": outcome.magnet_hash,
            "magnet_uri": magnet.uri(),
            "status": outcome.status.value,
            "num_peers": outcome.num_peers,
        }
        if metadata := outcome.metadata:
            line |= {
                "name": metadata.name,
                "total_size_bytes": metadata.total_size_bytes,
                "file_count": metadata.file_count,
                "piece_length": metadata.piece_length,
            }
            if with_files:
                line["files"] = [{"path": f.path, "size": f.size} for f in metadata.files]
        else:
            line["error"] = str(outcome.error)
        line["notes"] = [str(note) for note in magnet.notes]
        self.stdout.write(json.dumps(line, ensure_ascii=False))
        return outcome.status == ProbeStatus.OK
