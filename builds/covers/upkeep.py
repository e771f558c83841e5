"""Files and rows of covers are made to agree: once a day, and before everything is built."""

from __future__ import annotations

from django.utils import timezone

from builds import reasons
from builds.covers import files, pictures
from builds.models import Cover
from builds.run import Progress
from ghost.core.catalog.models import Catalog
from ghost.core.db import pacing
from ghost.core.text.reasons import NONE
from resources.models import findings

REDRAWN_AT_ONCE = 5000
"""Covers drawn by an earlier version that are fetched anew in a day: their hosts are strangers'."""


def tidy() -> dict[str, int]:
    """Counts: `lost` covers whose files are gone, which are fetched again if they have an
    address; `outdated` covers that are fetched anew."""
    pacing.delete(Cover.objects.left_over())
    return {"lost": mend(), "outdated": redraw()}


def redraw() -> int:
    """Have covers that an earlier version drew fetched anew, the oldest first; how many. Each is
    shown as it is until then, and stays if its address gives none any more."""
    outdated = Cover.objects.outdated(pictures.VERSION).order_by("fetched_at", "pk")
    ids = list(outdated.values_list("resource_id", flat=True)[:REDRAWN_AT_ONCE])
    return findings.renew_covers(ids)


def mend(progress: Progress | None = None) -> int:
    """Have covers whose files are lost fetched again, and leave them out until then; how many.

    `progress` hears of each: they may be as many as there are resources.
    """
    there = files.all_there()
    named = Cover.objects.made().values_list("pk", "digest")
    lost = [pk for pk, cover_digest in named.iterator() if cover_digest not in there]
    return sum(_renew(pk, progress or Progress()) for pk in lost)


def _renew(pk: int, progress: Progress) -> bool:
    """Have it fetched again; False if another one came meanwhile."""
    progress.report()
    with Catalog.turn():
        cover = Cover.objects.select_for_update().select_related("resource").filter(pk=pk).first()
        if cover is None or files.are_there(cover.digest):
            return False
        row = cover.resource
        again_at = timezone.now() if row.cover_image_url else None
        cover.delete()
        findings.record_cover(
            row, None, error=NONE if again_at else reasons.COVER_LOST(), again_at=again_at
        )
    return True
