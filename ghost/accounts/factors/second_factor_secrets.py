"""Secrets of second factors as the database has them: encrypted with a key of GHOST_SECRET_KEY. Whoever
has the database alone, or a backup of it, makes no codes from it."""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode

from django.conf import settings
from django.utils.translation import gettext as _

from ghost.core import encryption
from ghost.core.encryption import NONCE_BYTES
from ghost.core.errors import GhostError


class UnreadableSecretError(GhostError):
    """It was encrypted with another GHOST_SECRET_KEY, or changed since."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Your second factor can't be checked: the server's key has changed. Ask another operator"
                " to reset it, or run manage.py reset_second_factor."
            )
        )


def encrypt(secret: str) -> str:
    """What `decrypt` opens again, as text."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b64encode(nonce + encryption.encrypt(secret.encode(), _key(), nonce)).decode()


def decrypt(encrypted: str) -> str:
    """The secret; UnreadableSecretError."""
    try:
        raw = b64decode(encrypted, validate=True)
        return encryption.decrypt(raw[NONCE_BYTES:], _key(), raw[:NONCE_BYTES]).decode()
    except ValueError as error:
        raise UnreadableSecretError from error


def _key() -> bytes:
    return encryption.key_for("ghost second factors of operators", settings.SECRET_KEY)
