"""When what runs by the clock does so."""

from __future__ import annotations

import zoneinfo

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core import cron
from ghost.core.config.values import CronLine, Group


class Schedules(Group):
    """Times of day and weekdays, in one time zone; without one, the interval of each holds."""

    heading = _("Schedules")

    time_zone: str = Field(
        "UTC",
        max_length=100,
        description="IANA time zone of the schedules below and of the admin, such as Europe/Berlin.",
    )
    dht_scan_at: CronLine = Field(
        "",
        description="When health is scanned, as cron writes it (minute hour day month weekday): 30 2 * * *, or"
        " 0 4 * * MON-FRI; empty: every GHOST_DHT_SCAN_INTERVAL_HR.",
    )
    verify_at: CronLine = Field(
        "", description="When the whole site is verified, as cron writes it; empty: once a day."
    )
    backup_at: CronLine = Field(
        "",
        description="When a backup is made, as cron writes it; empty: every GHOST_BACKUP_INTERVAL_HR.",
    )
    backup_proof_at: CronLine = Field(
        "",
        description="When a backup is proven by a restore, as cron writes it; empty: every"
        " GHOST_BACKUP_PROOF_INTERVAL_HR.",
    )
    digest_at: CronLine = Field(
        "",
        description="When the digest is mailed, as cron writes it; empty: once a day or a week, as it is set.",
    )
    cleanup_at: CronLine = Field(
        "",
        description="When records that are old enough are deleted, as cron writes it; empty: once a day.",
    )

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        return cron.zone(value).key

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """GHOST_TIME_ZONE."""
        return cron.zone(self.time_zone)
