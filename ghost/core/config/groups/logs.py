"""What is logged."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config.values import Group


class Logs(Group):
    """How much of what happens is logged."""

    heading = _("Logs")

    api_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level that is logged: DEBUG, INFO, WARNING or ERROR."
    )

    slow_transaction_s: float = Field(
        1,
        ge=0,
        le=3600,
        description=(
            "What keeps the writers of a SQLite database waiting for so many seconds is logged, "
            "with the name of what did it."
        ),
    )

    @field_validator("api_log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value
