"""Torrents that can't be listed: blocked, or listed already."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ghost.core.batches import batched
from resources.models.fields import ResourceFields
from resources.models.hashes.block import Block
from resources.torrents.magnets import Magnet

logger = logging.getLogger(__name__)

BATCH = 400
"""Hashes that one query names: databases bound the variables of a query."""
_COLUMNS = ("magnet_hash", "magnet_hash_v2", "other_hash", "publisher", "team")


class Collisions:
    """What the catalog holds that some torrents could collide with, asked for all of them at once."""

    def __init__(self, rows: models.QuerySet[ResourceFields], hashes: Iterable[str | None]) -> None:
        wanted = sorted({h for h in hashes if h})
        self._twins: dict[str, ResourceFields] = {}
        self._blocked: set[str] = set()
        for part in batched(wanted, BATCH):
            blocks = Block.objects.filter(info_hash__in=part)
            self._blocked.update(blocks.values_list("info_hash", flat=True))
            for twin in rows.filter(has_hash(part)).only(*_COLUMNS):
                self.add(twin)

    def add(self, row: ResourceFields) -> None:
        """From now on this one is there too."""
        for each in row.hashes:
            self._twins.setdefault(each, row)

    def require_none(self, row: ResourceFields, magnet: Magnet) -> None:
        """ValidationError (`blocked`, `duplicate`) if that torrent can't be listed by this row."""
        named = [h for h in (magnet.v1, magnet.v2) if h]
        if blocked := self._blocked.intersection(named):
            logger.warning("refused, since it is blocked: %s", ", ".join(sorted(blocked)))
            raise _refusal(_("This torrent is blocked."), "blocked")
        for twin in (self._twins.get(h) for h in named):
            if twin is not None and twin is not row and (row.pk is None or twin.pk != row.pk):
                raise _refusal(_("This torrent is listed already."), "duplicate", twin)


def _refusal(message: str, code: str, twin: ResourceFields | None = None) -> ValidationError:
    error = ValidationError(message, code=code, params={"twin": twin})
    return ValidationError({"magnet_uri": error})


def has_hash(hashes: Iterable[str | None]) -> models.Q:
    """The condition that one of its hashes (`ResourceFields.hashes`) is one of these."""
    known = [h for h in hashes if h]
    named = models.Q(magnet_hash__in=known) | models.Q(magnet_hash_v2__in=known)
    return named | models.Q(other_hash__in=known)
