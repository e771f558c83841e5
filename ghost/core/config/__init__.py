"""The configuration: variables of the environment, group by group, and how the database is reached. Leans on core.errors and core.io."""
