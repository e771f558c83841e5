"""What happened, told to whoever listens: rows, their reader, and the open streams. Leans on core.db and core.http."""
