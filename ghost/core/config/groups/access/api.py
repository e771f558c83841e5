"""What a token may ask of the API, and of its event streams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from ghost.core.config.values import Group


class Api(Group):
    """Limits and scope of what tokens ask."""

    heading = _("API")

    api_rate_limit: int = Field(
        1200, ge=0, description="Requests that one token may make in a minute; 0: no limit."
    )
    torznab_all: bool = Field(
        False,
        description="1 lets Torznab find everything public with any token; 0: only what is in the"
        " token's scope.",
    )


class Events(Group):
    """How many there may be, and how far back they go."""

    heading = _("Event streams")

    events_keep_hr: int = Field(
        24, ge=1, le=8_760, description="Hours that events are kept for listeners who reconnect."
    )
    events_keep: int = Field(
        100_000, ge=1, le=10_000_000, description="Maximum number of events kept."
    )
    events_streams: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Maximum number of event streams open at once, on all hosts together.",
    )
    events_streams_per_token: int = Field(
        5,
        ge=1,
        le=100_000,
        description="Maximum number of event streams open at once for one token or one operator.",
    )
    events_recheck_s: float = Field(
        15,
        ge=1,
        le=3600,
        description="Seconds between checks that listeners are still allowed to listen.",
    )
