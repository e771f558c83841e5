"""Backups of the catalog."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationInfo, field_validator

from ghost.core.config import age_keys
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
    age_bin: str = Field(
        "",
        description="The age program that encrypts and decrypts backups, such as age, with its plugins; empty: it is"
        " built in.",
    )
    age_recipient: str = Field(
        "", description="age or SSH public key that backups are encrypted to; empty: not encrypted."
    )
    age_identity_file: ProjectPath | None = Field(
        None, description="File with the age or SSH private key that can read them, for restore."
    )

    @field_validator("age_bin")
    @classmethod
    def _is_program(cls, value: str) -> str:
        if value and shutil.which(value) is None:
            raise ValueError("there is no such program")
        return value

    @field_validator("age_recipient")
    @classmethod
    def _is_recipient(cls, value: str, info: ValidationInfo) -> str:
        if value and not value.startswith(("age1", "ssh-")):
            raise ValueError("must be an age (age1…) or SSH (ssh-ed25519 …, ssh-rsa …) public key")
        if value and not info.data.get("age_bin"):  # that program knows more kinds
            age_keys.recipient(value)
        return value

    @field_validator("age_identity_file")
    @classmethod
    def _is_identity(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        if value is not None and not info.data.get("age_bin"):
            age_keys.identities(value)
        return value
