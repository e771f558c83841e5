"""Backups of the catalog."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationInfo, field_validator

from ghost.core.config import age_keys
from ghost.core.config.groups.deployment import is_elsewhere, looks_like_option
from ghost.core.config.values import BASE_DIR, Group, ProjectPath, from_project


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
    backup_keep_daily: int = Field(
        7,
        ge=0,
        description="Beside these, the last backup of each of so many days is kept.",
    )
    backup_keep_weekly: int = Field(
        5, ge=0, description="And the last one of each of so many weeks."
    )
    backup_keep_monthly: int = Field(
        6,
        ge=0,
        description="And the last one of each of so many months. The last one that was proven always stays.",
    )
    backup_proof_interval_hr: int = Field(
        168,
        ge=1,
        le=8_760,
        description="Hours between proofs: the newest backup is restored into a scratch database and counted.",
    )
    backup_copy_to: str = Field(
        "",
        description="Second place for each backup: a folder that is there (a mounted disk), user@host:path or"
        " rsync://host/module.",
    )
    age_bin: str = Field(
        "",
        description="The age program that encrypts and decrypts backups, such as age, with its plugins; empty: it is"
        " built in.",
    )
    age_recipient: str = Field(
        "",
        description="age or SSH public key that backups are encrypted to, several separated by commas; empty: not"
        " encrypted.",
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
        for each in age_keys.listed(value):
            if not each.startswith(("age1", "ssh-")):
                raise ValueError(
                    "must be an age (age1…) or SSH (ssh-ed25519 …, ssh-rsa …) public key"
                )
            if not info.data.get("age_bin"):  # that program knows more kinds
                age_keys.recipient(each)
        return value

    @field_validator("backup_copy_to")
    @classmethod
    def _is_second_place(cls, value: str, info: ValidationInfo) -> str:
        if looks_like_option(value) or not value.isprintable():
            raise ValueError("must be a folder, user@host:path or rsync://host/module")
        if "://" in value and not re.fullmatch(r"rsync://([\w.-]+@)?[\w.:\[\]-]+/\S+", value):
            raise ValueError("must be rsync://host/module, without a password")
        if value and not is_elsewhere(value):
            folder = from_project(Path(value)).resolve()
            if folder == Path(info.data.get("backup_dir", BASE_DIR)).resolve():
                raise ValueError("must be another folder than GHOST_BACKUP_DIR")
        return value

    @field_validator("age_identity_file")
    @classmethod
    def _is_identity(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        if value is not None and not info.data.get("age_bin"):
            age_keys.identities(value)
        return value
