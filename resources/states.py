"""The states that a resource can be in. Values are the contract."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProbeStatus(models.TextChoices):
    """How the last probe ended. `skipped`: an operator lets it be public without one."""

    PENDING = "pending", _("pending")
    OK = "ok", _("ok")
    INACTIVE = "inactive", _("no peers found")
    TIMEOUT = "timeout", _("peers did not answer")
    UNAVAILABLE = "unavailable", _("could not be tried")
    SKIPPED = "skipped", _("skipped")


class DhtStatus(models.TextChoices):
    """What the network last said."""

    UNKNOWN = "Unknown", _("Unknown")
    ACTIVE = "Active", _("Active")
    STALE = "Stale", _("Stale")


class SeedsBand(models.TextChoices):
    """How many seed it, as the site tells it: a number changes too often to make a page of it anew."""

    UNKNOWN = "unknown", _("unknown")
    NONE = "0", _("none")
    FROM_1 = "1-2", _("1 or 2")
    FROM_3 = "3-9", _("3 to 9")
    FROM_10 = "10-49", _("10 to 49")
    FROM_50 = "50-199", _("50 to 199")
    FROM_200 = "200+", _("200 or more")


class ResourceSort(models.TextChoices):
    """The orders of a list; what has no value for it comes last."""

    NEWEST = "newest"
    FEWEST_SEEDS = "seeds"
    MOST_SEEDS = "-seeds"
    MISSING_LONGEST = "missing_since"
    MISSING_LAST = "-missing_since"
    SEEN_LONG_AGO = "last_seen_at"
    SEEN_LAST = "-last_seen_at"


class State(models.TextChoices):
    """Where a resource stands on its way to the public; derived, never stored."""

    DRAFT = "draft", _("draft")
    REVIEW = "review", _("awaits review")
    SCHEDULED = "scheduled", _("scheduled")
    HELD = "held", _("held")
    LIVE = "live", _("live")
    TAKEN_DOWN = "taken_down", _("taken down")
