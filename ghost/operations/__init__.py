"""Is the installation well: health, checks, schedules, backups. Leans on every app."""
