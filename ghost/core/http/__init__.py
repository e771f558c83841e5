"""What requests and answers have in common, whichever endpoint: problems, pagination, limits. Leans on core.db."""
