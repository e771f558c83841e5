"""Who is alive: a row for each worker host and each group of web processes. Leans on core.db."""
