"""Django's SQLite backend, which tells who kept others waiting. Leans on core.db."""
