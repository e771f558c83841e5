"""What a token may ask of the API, and of its event streams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from ghost.core.config.values import Group


class Api(Group):
    """Limits and scope of what tokens ask."""

    heading = _("API")

    api_rate_limit: int = Field(
        1200, ge=0, description="Requests of one token in a minute; 0: without limit."
    )
    torznab_all: bool = Field(
        False,
        description="Torznab finds all that is public, whatever the token; else what is in its"
        " scope.",
    )


class Events(Group):
    """How many there may be, and how far back they go."""

    heading = _("Event streams")

    events_keep_hr: int = Field(
        24, ge=1, le=8_760, description="Hours that events are kept for listeners who come back."
    )
    events_keep: int = Field(
        100_000, ge=1, le=10_000_000, description="Events that are kept at most."
    )
    events_streams: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Event streams that may be open at a time, over all hosts.",
    )
    events_streams_per_token: int = Field(
        5, ge=1, le=100_000, description="Event streams of one token, or of one operator."
    )
    events_recheck_s: float = Field(
        15,
        ge=1,
        le=3600,
        description="Seconds between two looks whether whoever listens to events still may.",
    )
