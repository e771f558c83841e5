"""Bytes that the database keeps and can't read: AES-256-GCM (NIST SP 800-38D).

The key is made of a secret that is not in the database, and of what it is for: whoever has the database
alone reads nothing, and what was encrypted for one use or owner does not open for another.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
"""Made at random, and used once with a key: SP 800-38D, 8.2.2 and 8.3 allow 2^32 of them."""


def encrypt(plain: bytes, key: bytes, nonce: bytes, context: bytes = b"") -> bytes:
    """What `decrypt` opens with the same key, nonce and context; 16 bytes longer than `plain`."""
    return AESGCM(key).encrypt(nonce, plain, context)


def decrypt(encrypted: bytes, key: bytes, nonce: bytes, context: bytes = b"") -> bytes:
    """The plain bytes. ValueError if key, nonce or context is another, or a bit was changed."""
    try:
        return AESGCM(key).decrypt(nonce, encrypted, context)
    except InvalidTag as error:
        raise ValueError("encrypted with another key or context, or changed since") from error


def key_for(use: str, secret: str) -> bytes:
    """32 bytes of the secret, for this use alone (HKDF, RFC 5869)."""
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=use.encode())
    return derivation.derive(secret.encode())
