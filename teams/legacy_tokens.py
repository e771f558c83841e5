"""Raw tokens of the earlier Ghost: they keep working, each at the price of one slow hash.

Its raw tokens are 24 random bytes in URL-safe base64. What it stored is the hex SHA-256 of the
encoded argon2id string (version 19, t=2, m=65536 KiB, p=2, 32 bytes) of token and pepper with
GHOST_TOKEN_SALT, or of token and pepper alone where argon2 could not be loaded. On its first use
here a token gets our keyed hash, and from then on costs one query.
"""

from __future__ import annotations

import hashlib
import re
import time

from argon2.low_level import Type, hash_secret
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from ghost.core.audit import trail
from ghost.core.config.env import kept_secret
from ghost.core.http.limits import rate_limit
from ghost.core.http.request.client_address import counted_as
from teams import credentials, password_hashing
from teams.models import Token
from teams.token_schemes import Scheme

TRIES_PER_MINUTE = 10
"""From one address, of tokens whose slow hash must be made: a guess costs 64 MiB and 0.2 s."""
KNOWN_S = 5.0
"""For so long a process goes by what it knows of whether there are such tokens."""
SHOWN = 6
_RAW = re.compile(r"[A-Za-z0-9_-]{32}")


class _Presence:
    """Which schemes those usable tokens have that the earlier Ghost may have made."""

    def __init__(self) -> None:
        self._schemes: frozenset[str] = frozenset()
        self._until = 0.0

    def schemes(self) -> frozenset[str]:
        """As of KNOWN_S ago at most: what does not exist must not cost a query a request."""
        if time.monotonic() >= self._until:
            # In the overlap of a rotation the former raw form may be one.
            is_former = models.Q(old_hash_until__gt=timezone.now())
            others = (
                Token.objects.usable().filter(~models.Q(scheme=Scheme.GHOST) | is_former).order_by()
            )
            self._schemes = frozenset(others.values_list("scheme", flat=True).distinct())
            self._until = time.monotonic() + KNOWN_S
        return self._schemes

    def forget(self) -> None:
        """Ask the database at the next call whether there are any."""
        self._until = 0.0


presence = _Presence()


def is_well_formed(raw: str) -> bool:
    """Whether the earlier Ghost could have made this raw token."""
    return bool(_RAW.fullmatch(raw))


def find(raw: str, address: str) -> Token | None:
    """The usable token that this raw one is, if any; it is re-hashed if need be.

    TooManyError if too many were tried from that address, OutageError while another one is being
    hashed in this process.
    """
    schemes = presence.schemes() if is_well_formed(raw) else frozenset()
    if not schemes:
        return None
    digest = credentials.digest(raw)
    token = Token.objects.usable().of_form(digest).first()
    if token is not None:
        token.is_former = token.token_hash != digest
        return token
    return _find_argon2(raw, address) if Scheme.ARGON2 in schemes else None


def _find_argon2(raw: str, address: str) -> Token | None:
    rate_limit.take(f"earlier {counted_as(address)}", TRIES_PER_MINUTE)
    rows = Token.objects.usable().filter(scheme=Scheme.ARGON2, token_hash__in=_hashes(raw))
    token = rows.first()
    return _adopted(token, raw) if token else None


def hashes_of(raw: str) -> list[str]:
    """Every hash under which a raw token may be stored; OutageError as `find` has it."""
    own = [credentials.digest(raw)]
    if not is_well_formed(raw) or not Token.objects.filter(scheme=Scheme.ARGON2).exists():
        return own
    return own + _hashes(raw)


def _adopted(row: Token, raw: str) -> Token:
    """The token, under our hash from now on; the earlier one is kept to know it by."""
    rows = Token.objects.filter(pk=row.pk, scheme=Scheme.ARGON2)
    with transaction.atomic():
        if rows.update(
            token_hash=credentials.digest(raw),
            old_hash=models.F("token_hash"),
            scheme=Scheme.EARLIER,
            prefix=raw[:SHOWN],
        ):
            trail.record("token.adopt", row)
    row.refresh_from_db(fields=["token_hash", "old_hash", "scheme", "prefix"])
    return row


def _hashes(raw: str) -> list[str]:
    """The earlier Ghost's hashes of a raw token, with each pepper that it may have had."""
    with password_hashing.turn():
        return [each for pepper in _peppers() for each in _with_pepper(raw, pepper)]


def _peppers() -> list[str]:
    given = settings.GHOST.earlier_token_pepper
    if given is not None:
        return [given.get_secret_value()]
    own = settings.GHOST.token_pepper
    restored = kept_secret(settings.GHOST, "earlier_token_pepper")
    found = [own.get_secret_value() if own else None, restored, ""]
    return list(dict.fromkeys(each for each in found if each is not None))


def _with_pepper(raw: str, pepper: str) -> list[str]:
    secret, salt = (raw + pepper).encode(), kept_secret(settings.GHOST, "token_salt") or ""
    encoded = hash_secret(
        secret,
        salt.encode(),
        time_cost=2,
        memory_cost=1 << 16,
        parallelism=2,
        hash_len=32,
        type=Type.ID,
    )
    return [hashlib.sha256(encoded).hexdigest(), hashlib.sha256(secret).hexdigest()]
