"""Raw tokens: how they are made, checked for typing errors and hashed.

`ghost_` + 43 base62 characters (256 random bits) + 6 of a CRC-32. The readable prefix and the
checksum let secret scanners and typing errors be told without asking the database. Since a token
is random, its hash is a fast keyed one (HMAC-SHA-256); a slow password hash would add nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import zlib

from django.conf import settings

PREFIX = "ghost_"
SHOWN = len(PREFIX) + 6
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECK = 43, 6


def make() -> str:
    """A new raw token: prefix, 256 random bits and a checksum."""
    body = _base62(secrets.randbits(256), _RANDOM)
    return PREFIX + body + _checksum(body)


def is_well_formed(raw: str) -> bool:
    """Whether prefix, length and checksum fit: False means that nobody has it."""
    body, check = raw[len(PREFIX) : -_CHECK], raw[-_CHECK:]
    fits = raw.startswith(PREFIX) and len(body) == _RANDOM and raw.isascii()
    return fits and hmac.compare_digest(_checksum(body), check)


def digest(raw: str) -> str:
    """The keyed hash (64 hex digits) under which a token is stored."""
    return hmac.new(settings.TOKEN_PEPPER.encode(), raw.encode(), hashlib.sha256).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32((PREFIX + body).encode()), _CHECK)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits
