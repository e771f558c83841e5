"""A write that did not stand the test of its probe: taken back, as far as nobody built on it."""

from __future__ import annotations

from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from resources.models import cover_requests, events
from resources.models.hashes.block import Block
from resources.models.hashes.text_hash import TextHash
from resources.models.resource import Resource
from resources.states import ProbeStatus
from resources.torrents import metadata


def delete_new(row: Resource) -> bool:
    """Delete a new one whose probe failed; False if somebody has had a hand in it since."""
    with Catalog.turn():
        if not row.alone().exists():
            return True
        if _untouched(row) is None:
            return False
        transaction.on_commit(partial(metadata.forget, row.magnet_hash))
        trail.record("resource.forget", row, row.audited(), None)
        events.changed("forget", [row])
        TextHash.objects.leave(row)
        row.alone().delete()
    return True


def put_back(row: Resource, before: Resource) -> bool:
    """Undo the `store` of a row, as far as it wrote; False if that can't be any more.

    That is so if somebody had a hand in it meanwhile, or took or blocked the old magnet.
    """
    with Catalog.turn():
        now = _untouched(row)
        if now is None or _is_replaced(before):
            return False
        if cover_requests.is_other(before, now) and (now.cover_image_path or now.cover_error):
            cover_requests.ask(before)  # the other one has come, or failed to
        try:
            before.write_over(now)
        except ValidationError:  # somebody took the old magnet in this very moment
            return False
        before.tell_catalog(now)
    return True


def _untouched(row: Resource) -> Resource | None:
    """The row, locked, if its probe failed and nobody edited, took down or let it off since."""
    rows = row.alone().standing().filter(updated_at=row.updated_at, probed_at=None)
    return rows.exclude(probe_status=ProbeStatus.SKIPPED).select_for_update().first()


def _is_replaced(row: Resource) -> bool:
    """Whether its torrent is listed elsewhere or blocked by now."""
    twins = Resource.objects.twins_of(*row.hashes).exclude(pk=row.pk)
    return twins.exists() or Block.objects.covering(*row.hashes).exists()
