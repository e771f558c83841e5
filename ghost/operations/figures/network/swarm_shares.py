"""The swarms: what share of what was checked within a day is active, and what it was in the week before."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from dht.models import Scan
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

NAME = "swarms"
LATELY, BEFORE = timedelta(days=1), timedelta(days=8)
FEW = 20
"""A share of fewer says nothing."""
FALL_POINTS = 20.0
"""Points of percent that the share may fall by."""


def item(moment: Moment) -> Item:
    """Bad, if the share fell by much: many swarms rarely die at once."""
    now = moment.now
    percent = _active_percent(now - LATELY, now)
    before = _active_percent(now - BEFORE, now - LATELY)
    if percent is None or before is None:
        return Item(NAME, Status.UNKNOWN, sentences.NOTHING_SEEN())
    counts: dict[str, int | float] = {
        "active_percent": percent,
        "before_percent": before,
        "fall_points": round(max(before - percent, 0), 1),
    }
    if counts["fall_points"] > FALL_POINTS:
        told = sentences.SWARMS_FELL(percent=percent, before=before)
        return Item(NAME, Status.DEGRADED, told, sentences.LOOK_AT_SWARMS(), counts)
    return Item(NAME, Status.OK, sentences.SWARMS(percent=percent), counts=counts)


def _active_percent(since: datetime, until: datetime) -> float | None:
    """Of what scans checked that ended between these moments; None if that was little."""
    ended = Scan.objects.filter(ended_at__gt=since, ended_at__lte=until)
    found = ended.aggregate(active=Sum("active"), stale=Sum("stale"), unknown=Sum("unknown"))
    checked = sum(number or 0 for number in found.values())
    return round(100 * (found["active"] or 0) / checked, 1) if checked >= FEW else None
