"""The one entry point to the queue: a row for each task that was asked for. Leans on core.audit and core.events."""
