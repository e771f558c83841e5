"""Moments and durations in words, for people."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

MINUTE_S, HOUR_S = 60, 3600


def ago(moment: datetime, *, units: int = 2) -> str:
    """How long ago that was, in so many units at most."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("just now")
    return _("%s ago") % timesince(moment, depth=units)


def age(moment: datetime | None) -> str | None:
    """How long ago that was, as HTML that tells the exact time to who points at it."""
    if moment is None:
        return None
    units = 1 if timezone.now() - moment < timedelta(days=1) else 2
    exact = localize(timezone.localtime(moment))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact,
        ago(moment, units=units),
    )


def lasting(seconds: float) -> str:
    """A duration in the two units that matter."""
    if seconds < MINUTE_S:
        return _("%s s") % f"{seconds:.1f}"
    minutes, rest_s = divmod(int(seconds), MINUTE_S)
    if seconds < HOUR_S:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest_s}
    hours, minutes = divmod(minutes, HOUR_S // MINUTE_S)
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
