"""Secrets of second factors as the database has them: AES-256-GCM (NIST SP 800-38D), under a key of
GHOST_SECRET_KEY. Whoever has the database alone, or a backup of it, makes no codes from it."""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from ghost.core.errors import GhostError

NONCE_BYTES = 12


class UnreadableSecretError(GhostError):
    """It was sealed under another GHOST_SECRET_KEY, or changed since."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Your second factor can't be checked: the server's key has changed. Ask another operator"
                " to reset it, or run manage.py reset_second_factor."
            )
        )


def seal(secret: str) -> str:
    """What `unseal` opens again, as text."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b64encode(nonce + _cipher().encrypt(nonce, secret.encode(), None)).decode()


def unseal(sealed: str) -> str:
    """The secret; UnreadableSecretError."""
    try:
        raw = b64decode(sealed, validate=True)
        return _cipher().decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
    except (ValueError, InvalidTag) as error:
        raise UnreadableSecretError from error


def _cipher() -> AESGCM:
    """Its key is of the secret key, for this use alone (RFC 5869)."""
    derivation = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=b"ghost second factors of operators"
    )
    return AESGCM(derivation.derive(settings.SECRET_KEY.encode()))
