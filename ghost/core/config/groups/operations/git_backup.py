"""The public catalog as text in a git repository."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationInfo, field_validator

from ghost.core.config.groups import deployment
from ghost.core.config.values import BASE_DIR, Address, CronLine, Group, ProjectPath


class GitBackup(Group):
    """Where the catalog is committed as text, when, and where to it is pushed."""

    heading = _("Git backup")

    git_backup_enabled: bool = Field(
        False,
        description="1 commits the public catalog as text to a git repository: a record on each line, resources"
        " by the month in which they were made.",
    )
    git_backup_dir: ProjectPath = Field(
        Path("var/git-backup"),
        description="Folder of that repository; Ghost's own, made where it is missing.",
    )
    git_backup_remote: Address = Field(
        "",
        description="Git repository that it is pushed to: https, ssh, or a path; empty: it stays on this machine."
        " Credentials in it are never shown.",
    )
    git_backup_branch: str = Field(
        "main", max_length=200, description="Branch that it is committed and pushed to."
    )
    git_backup_retries: int = Field(
        3, ge=0, le=10, description="How often a push that did not arrive is tried again at once."
    )
    git_backup_interval_hr: int = Field(
        24, ge=1, le=8_760, description="Hours between git backups; a takedown goes out at once."
    )
    git_backup_at: CronLine = Field(
        "",
        description="When a git backup is made, as cron writes it; empty: every GHOST_GIT_BACKUP_INTERVAL_HR.",
    )

    @field_validator("git_backup_dir")
    @classmethod
    def _is_a_folder_of_its_own(cls, value: Path, info: ValidationInfo) -> Path:
        folder = value.resolve()
        work = Path(info.data.get("site_workdir", BASE_DIR / "var/site-workdir")).resolve()
        if BASE_DIR.is_relative_to(folder):
            raise ValueError("must not be the folder of Ghost itself, nor around it")
        if folder.is_relative_to(work) or work.is_relative_to(folder):
            raise ValueError("must lie outside GHOST_SITE_WORKDIR, and not around it")
        return value

    @field_validator("git_backup_remote")
    @classmethod
    def _is_git_repository(cls, value: str) -> str:
        return deployment.require_repository(value)

    @field_validator("git_backup_branch")
    @classmethod
    def _is_another_branch(cls, value: str, info: ValidationInfo) -> str:
        deployment.require_branch(value)
        pages = info.data.get("pages_remote_url") or info.data.get("site_repo_url")
        remote = info.data.get("git_backup_remote")
        if remote and (remote, value) == (pages, info.data.get("pages_branch")):
            raise ValueError(
                "must be another branch than GHOST_PAGES_BRANCH, or in another repository"
            )
        return value
