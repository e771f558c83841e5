"""The Admin token that a new installation begins with."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.db import transaction

from ghost.core.io.files import write_atomic
from teams.models import Token, public_names
from teams.roles import Role

log = logging.getLogger(__name__)

FILE_NAME = "admin-token"


def is_missing() -> bool:
    """Whether no token opens the API as an Admin's."""
    return not Token.objects.full_admins().exists()


def ensure() -> Path | None:
    """If no usable Admin token is there, make one and write it where only the owner reads.

    The file's path if one was made. The log names the file, never the token. Whoever calls
    it holds a lock (`ghost.operations.start.startup`): of processes that start at once one makes it.
    """
    with transaction.atomic():
        if not is_missing():
            return None
        _row, raw = Token.objects.issue(
            Role.ADMIN, public_names.free("Admin"), note="Made on first start"
        )
        path = Path(settings.GHOST.secrets_dir) / FILE_NAME
        write_atomic(path, f"{raw}\n".encode())
    log.warning("There was no Admin token. A new one is in %s.", path)
    return path
