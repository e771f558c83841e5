"""Backups of the catalog."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config.values import Group, ProjectPath


class Backups(Group):
    """Where backups are written, and who can read them."""

    heading = _("Backups")

    backup_dir: ProjectPath = Field(Path("var/backups"), description="Where backups are written.")
    backup_interval_hr: int = Field(
        24, ge=1, le=8_760, description="Hours between scheduled backups."
    )
    backup_keep: int = Field(
        14, ge=1, description="Number of backups kept; the oldest are deleted first."
    )
    age_recipient: str = Field(
        "", description="age or SSH public key that backups are encrypted to; empty: not encrypted."
    )
    age_identity_file: ProjectPath | None = Field(
        None, description="File with the age or SSH private key that can read them, for restore."
    )

    @field_validator("age_identity_file")
    @classmethod
    def _is_readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @field_validator("age_recipient")
    @classmethod
    def _is_recipient(cls, value: str) -> str:
        if value and not value.startswith(("age1", "ssh-")):
            raise ValueError("must be an age (age1…) or SSH (ssh-ed25519 …, ssh-rsa …) public key")
        return value
