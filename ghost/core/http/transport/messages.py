"""What the next page tells, kept in a cookie of the installation's own name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.messages.storage import cookie, session
from django.contrib.messages.storage.fallback import FallbackStorage


class CookieStorage(cookie.CookieStorage):
    """Django's, whose cookie MESSAGES_COOKIE_NAME names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs)
        self.cookie_name = settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    """`settings.MESSAGE_STORAGE`: a cookie, and the session for what is too long for it."""

    storage_classes = (CookieStorage, session.SessionStorage)
