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


class State(models.TextChoices):
    """Where a resource stands on its way to the public; derived, never stored."""

    DRAFT = "draft", _("draft")
    REVIEW = "review", _("awaits review")
    SCHEDULED = "scheduled", _("scheduled")
    HELD = "held", _("held")
    LIVE = "live", _("live")
    TAKEN_DOWN = "taken_down", _("taken down")
