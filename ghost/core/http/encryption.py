"""Texts that only their owner gets to see again: AES-256-GCM (NIST SP 800-38D).

The key is made of the pepper, which is not in the database, and of the owner's name: whoever has the database alone
reads nothing, and what was sealed for one owner does not open for another.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12
"""Made at random, and used once with a key: SP 800-38D, 8.2.2 and 8.3 allow 2^32 of them."""


def encrypt(plain: bytes, owner: str, nonce: bytes, context: bytes) -> bytes:
    """What `decrypt` opens for the same owner, nonce and context; 16 bytes longer than `plain`."""
    return AESGCM(_key(owner)).encrypt(nonce, plain, context)


def decrypt(sealed: bytes, owner: str, nonce: bytes, context: bytes) -> bytes:
    """The plain bytes. ValueError if owner, context or pepper is another, or a bit was changed."""
    try:
        return AESGCM(_key(owner)).decrypt(nonce, sealed, context)
    except InvalidTag as error:
        raise ValueError("sealed for another owner or context, or changed since") from error


def _key(owner: str) -> bytes:
    """Of the pepper, for this owner and this use alone (RFC 5869)."""
    info = f"ghost kept answer {owner}".encode()
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info)
    return derivation.derive(settings.TOKEN_PEPPER.encode())
