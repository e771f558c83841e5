"""Texts that only the caller's own bearer token opens again: AES-256-GCM (NIST SP 800-38D)."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
"""Made at random, and used once with a token: SP 800-38D, 8.2.2 and 8.3 allow 2^32 of them."""


def encrypt(plain: bytes, raw_token: str, nonce: bytes, context: bytes) -> bytes:
    """What `decrypt` opens with the same token, nonce and context; 16 bytes longer than `plain`."""
    return AESGCM(_key(raw_token)).encrypt(nonce, plain, context)


def decrypt(sealed: bytes, raw_token: str, nonce: bytes, context: bytes) -> bytes:
    """The plain bytes. ValueError if the token or the context is another, or a bit was changed."""
    try:
        return AESGCM(_key(raw_token)).decrypt(nonce, sealed, context)
    except InvalidTag as error:
        raise ValueError("sealed for another token or context, or changed since") from error


def _key(raw_token: str) -> bytes:
    """Of the token, for this use alone (RFC 5869)."""
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"ghost kept answer")
    return derivation.derive(raw_token.encode())
