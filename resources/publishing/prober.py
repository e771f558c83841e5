"""What the catalog asks of whatever probes magnets.

`dht` knows `resources`, not the other way round. The settings name the implementation, as they
do for Django's mail backends: see docs/decisions/0004-prober.md.
"""

from __future__ import annotations

from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class Prober(Protocol):
    """The one thing that can find out what is behind a magnet."""

    def require(self) -> None:
        """OutageError if it can't work on this machine (libtorrent can't be loaded)."""

    def enqueue(self, *resource_ids: int) -> str:
        """Queue a probe of these resources; the task's id. Call it in `on_commit`."""

    def wait(self, resource_id: int, timeout_s: float) -> bool | None:
        """Wait until its probe has ended, or an operator has decided; True if it may be public,
        None if it has not ended.

        With `timeout_s` infinite, OutageError if it has not within the time that one may take.
        """


def prober() -> Prober:
    """The implementation that the settings name."""
    return cast("Prober", import_string(settings.PROBER)())  # a dotted path has no type
