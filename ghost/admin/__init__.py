"""The operators' pages that belong to no app. Leans on every app."""

from ghost.admin import (  # noqa: F401  # Django looks for them here
    alerts,
    audit,
    backups,
    circuits,
    git_backup,
    people,
    schedules,
    tasks,
)
