"""The workers of the queue."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config import redis_address
from ghost.core.config.values import Address, CommaList, Group

LEAST_MEMORY_MB = 256


class Workers(Group):
    """How many workers there are, and whether schedules start work."""

    heading = _("Background work")

    workers: int = Field(3, ge=1, le=64, description="Number of worker processes of one qcluster.")
    worker_max_memory_mb: int = Field(
        1024,
        ge=0,
        le=1_000_000,
        description="A worker process that has held so many MB is replaced before its next task; 0: never.",
    )
    redis_url: Address = Field(
        "",
        description="Redis that hands out the tasks, such as redis://user:password@host:6379/0; rediss:"
        " with TLS; empty: the database does. Its password is never shown.",
    )
    enable_scheduler: bool = Field(
        True,
        description="0 turns the schedules off: no scheduled build, scan or probe; they can still be started by hand.",
    )

    child_env: CommaList = Field(
        (),
        description="Names of further variables that git, ssh, rsync, Hugo and age get from the web server's and"
        " the worker's environment, separated by commas; none of GHOST_*.",
    )

    @field_validator("worker_max_memory_mb")
    @classmethod
    def _is_enough_to_work(cls, value: int) -> int:
        if 0 < value < LEAST_MEMORY_MB:
            raise ValueError(
                f"must be 0, or {LEAST_MEMORY_MB} at least: a worker begins with half of it"
            )
        return value

    @field_validator("child_env")
    @classmethod
    def _is_not_ours(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not re.fullmatch(r"(?!GHOST_)[A-Za-z_]\w*", name)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no name of a variable, or one of Ghost's own")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if value:
            redis_address.check(value)
        return value
