"""The operators' pages that belong to no app. Leans on every app."""

from ghost.admin import alerts, audit, backups, circuits, people, schedules, tasks  # noqa: F401  # Django looks for them here
