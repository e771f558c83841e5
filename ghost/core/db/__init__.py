"""What our tables need of the database beyond Django's own. Leans on core.errors."""
