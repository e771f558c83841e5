"""In English. Leans on nothing."""
