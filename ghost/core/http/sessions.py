"""Django's sessions in the database, whose keys are looked up only if they can be some."""

from __future__ import annotations

import re

from django.contrib.sessions.backends import db

_KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    """`settings.SESSION_ENGINE` names this module."""

    def _validate_session_key(self, key: str | None) -> bool:
        """A cookie may hold anything, NUL characters too, which PostgreSQL takes for a fault of ours."""
        return key is not None and _KEY.fullmatch(key) is not None
