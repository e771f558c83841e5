"""The earlier Ghost's SQLite database as records. Leans on resources.exchange.records."""
