"""Who did what: one row for each write that somebody asked for. Leans on core.http."""
