"""The workers of the queue."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from ghost.core.config.values import Group


class Workers(Group):
    """How many workers there are, and whether schedules start work."""

    heading = _("Background work")

    workers: int = Field(3, ge=1, le=64, description="Number of worker processes of one qcluster.")
    enable_scheduler: bool = Field(
        True,
        description="0 turns the schedules off: no scheduled build, scan or probe; they can still be started by hand.",
    )
