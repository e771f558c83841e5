"""The variables of what operators look after: alerts, backups, logs, mail, schedules. Leans on the forms of values."""
