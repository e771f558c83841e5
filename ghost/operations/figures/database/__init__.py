"""How the database stands, and its backups. Leans on figures.queue."""
