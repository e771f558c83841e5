"""gunicorn's worker, which gives a thread to whole requests only, and how it is started. Leans on core.config."""
