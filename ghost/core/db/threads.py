"""Threads that use the database. Django makes a connection for each, and ends it between requests alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connections


class DatabaseThread(threading.Thread):
    """A thread whose connections end with it. It does not hold up the end of the process."""

    def __init__(self, target: Callable[[], object], name: str) -> None:
        super().__init__(target=target, name=name, daemon=True)

    def run(self) -> None:
        """Do what it was made for."""
        try:
            super().run()
        finally:
            connections.close_all()
