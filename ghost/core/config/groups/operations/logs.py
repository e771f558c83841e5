"""What is logged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from ghost.core.config.values import Group, ProjectPath

_DSN = re.compile(r"https?://[^\s/:@]+(:[^\s/@]*)?@[^\s/@]+(/[^\s?#]*)?/\d+")
"""https://develop.sentry.dev/sdk/foundations/transport/authentication/"""


class Logs(Group):
    """How much of what happens is logged, in what form, and where to."""

    heading = _("Logs")

    api_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level that is logged: DEBUG, INFO, WARNING or ERROR."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Form of the log, one line for each event: text or json."
    )
    log_dir: ProjectPath | None = Field(
        None,
        description="Folder of log files (ghost.log, ghost.log.1, …), beside standard error; empty: none are"
        " written.",
    )
    log_max_mb: int = Field(
        20, ge=1, le=10_000, description="Size in MB at which a log file is put aside."
    )
    log_keep: int = Field(
        5, ge=0, le=1000, description="Number of log files kept beside the one that is written."
    )
    access_log: bool = Field(
        True, description="0: no line for each request; the proxy before it may write them."
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

    @field_validator("log_dir")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and value.exists() and not value.is_dir():
            raise ValueError("must name a folder, not a file")
        return value


class ErrorReports(Group):
    """Errors told to a server of Sentry's kind, without anything personal or secret."""

    heading = _("Error reports (Sentry)")

    sentry_dsn: SecretStr | None = Field(
        None,
        description="Address of the Sentry project, such as https://key@sentry.example.org/42.",
    )
    sentry_enabled: bool = Field(
        False, validate_default=True, description="1 sends errors to GHOST_SENTRY_DSN."
    )
    sentry_environment: str = Field(
        "production", min_length=1, max_length=64, description="Environment that reports name."
    )
    sentry_release: str = Field(
        "", max_length=200, description="Release that reports name; empty: ghost@ and its version."
    )
    sentry_sample_rate: float = Field(
        1, ge=0, le=1, description="Share of the errors that are sent, from 0 to 1."
    )
    sentry_traces_sample_rate: float = Field(
        0, ge=0, le=1, description="Share of the requests whose times are sent, from 0 to 1."
    )

    @field_validator("sentry_dsn")
    @classmethod
    def _is_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _DSN.fullmatch(value.get_secret_value()):
            raise ValueError("must be an address such as https://key@sentry.example.org/42")
        return value

    @field_validator("sentry_enabled")
    @classmethod
    def _has_address(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # pydantic's
        if value and "sentry_dsn" in info.data and info.data["sentry_dsn"] is None:
            raise ValueError("needs GHOST_SENTRY_DSN")
        return value

    @field_validator("sentry_environment", "sentry_release")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.@+:-]*", value):
            raise ValueError("takes letters, digits and . _ - + @ : alone")
        return value
