"""How people's passwords are hashed, and earlier tokens: slowly, and few at a time.

One hash takes a third of a second of a processor. Whoever tries names and passwords, from however
many addresses, keeps no more than HASHINGS of them busy on each machine.
"""

from __future__ import annotations

import unicodedata
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.translation import gettext as _

from ghost.core.io.slots import Slots

HASHINGS = 2
"""At a time, over all processes of a machine."""
WAITING = 2
"""Threads of each process that wait for their turn; the others serve."""
WAIT_S = 1.0


def turn() -> AbstractContextManager[None]:
    """One of the HASHINGS; OutageError if none gets free within WAIT_S."""
    busy = _("Too many passwords are being checked; try again in a few seconds.")
    return _slots(settings.GHOST.db_path.parent).taken(or_else=busy)


@cache
def _slots(folder: Path) -> Slots:
    return Slots(folder, "password-hashing", HASHINGS, waiting=WAITING, wait_s=WAIT_S)


class TurnTakingHasher(PBKDF2PasswordHasher):
    """Django's, in turn: all of checking and setting a password goes through `encode`."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """As PBKDF2PasswordHasher, of however the keyboard spells it (NIST SP 800-63B-4, 3.1.1.2);
        OutageError as `turn` has it."""
        same = unicodedata.normalize("NFKC", password)
        with turn():
            return super().encode(same, salt, iterations)
