"""The configuration: variables of the environment, and how the database is reached. Leans on core.errors and core.text."""
