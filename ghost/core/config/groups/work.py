"""The workers of the queue."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config import redis_address
from ghost.core.config.values import Address, Group


class Workers(Group):
    """How many workers there are, and whether schedules start work."""

    heading = _("Background work")

    workers: int = Field(3, ge=1, le=64, description="Number of worker processes of one qcluster.")
    redis_url: Address = Field(
        "",
        description="Redis that hands out the tasks, such as redis://user:password@host:6379/0; rediss:"
        " with TLS; empty: the database does. Its password is never shown.",
    )
    enable_scheduler: bool = Field(
        True,
        description="0 turns the schedules off: no scheduled build, scan or probe; they can still be started by hand.",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if value:
            redis_address.check(value)
        return value
