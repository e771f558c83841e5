"""Archives in age's format: by the library, or by the program that GHOST_AGE_BIN names."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pyrage
from django.conf import settings

from ghost.core.config import age_keys
from ghost.core.errors import RefusedError
from ghost.core.io import child_environment, programs
from ghost.operations import reasons

TIMEOUT_S = 3000
"""A disk's worth of files, within the time of a task."""
MAX_MESSAGE_CHARS = 300
HEADERS = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----")
HEADER_BYTES = 40
"""How such files begin: https://age-encryption.org/v1; the second is armored."""


def recipients() -> list[str]:
    """Those of GHOST_AGE_RECIPIENT; any of their keys opens a backup."""
    return age_keys.listed(settings.GHOST.age_recipient)


def encrypt(plain: Path, target: Path) -> None:
    """For GHOST_AGE_RECIPIENT. RefusedError if that can't be done."""
    if settings.GHOST.age_bin:
        given = [f"--recipient={each}" for each in recipients()]
        _run("GHOST_AGE_RECIPIENT", "--encrypt", *given, f"--output={target}", plain)
        _require_sealed(target, plain.stat().st_size)
        return
    try:
        with plain.open("rb") as source, target.open("wb") as sink:
            pyrage.encrypt_io(source, sink, [age_keys.recipient(each) for each in recipients()])
    except (ValueError, pyrage.EncryptError) as error:
        raise RefusedError(reasons.BACKUP_RECIPIENT(reason=str(error))) from error


def decrypt(path: Path, target: Path) -> None:
    """With GHOST_AGE_IDENTITY_FILE. RefusedError if that is not the key, or the file is damaged."""
    key: Path | None = settings.GHOST.age_identity_file
    if key is None or not key.is_file():
        raise RefusedError(reasons.BACKUP_NO_IDENTITY())
    if settings.GHOST.age_bin:
        _run(path.name, "--decrypt", f"--identity={key}", f"--output={target}", path)
        return
    try:
        identities = age_keys.identities(key)
    except ValueError as error:
        raise RefusedError(reasons.BACKUP_IDENTITY(reason=str(error))) from error
    try:
        with path.open("rb") as source, target.open("wb") as sink:
            pyrage.decrypt_io(source, sink, identities)
    except pyrage.DecryptError as error:
        raise RefusedError(reasons.BACKUP_SEALED(name=path.name, reason=str(error))) from error
    except OSError as error:
        if error.errno is not None:
            raise
        # The library's own, without a number of the system's: what it read is not what age wrote.
        raise RefusedError(reasons.BACKUP_DAMAGED(name=path.name)) from error


def trial() -> None:
    """Encrypt a few bytes, and open them again where the key is at hand. RefusedError if that fails: so would
    the next backup, or worse, its restore."""
    with tempfile.TemporaryDirectory(prefix="ghost-age-") as folder:
        plain, sealed, opened = (Path(folder) / name for name in ("plain", "sealed.age", "opened"))
        plain.write_bytes(b"Ghost")
        encrypt(plain, sealed)
        if settings.GHOST.age_identity_file is not None:
            decrypt(sealed, opened)


def _require_sealed(target: Path, least_bytes: int) -> None:
    """RefusedError if the program wrote no such file: a wrapper may say that all went well, whatever did."""
    with suppress(FileNotFoundError), target.open("rb") as stream:
        is_sealed = stream.read(HEADER_BYTES).startswith(HEADERS)
        if is_sealed and target.stat().st_size >= least_bytes:
            return
    raise RefusedError(reasons.BACKUP_NOT_SEALED())


def _run(what: str, *arguments: str | Path) -> None:
    command: Sequence[str | Path] = [settings.GHOST.age_bin, *arguments]
    done = programs.run(command, timeout_s=TIMEOUT_S, passes=child_environment.AGE)
    if done.exit_code:
        said = " ".join(done.text.split())[:MAX_MESSAGE_CHARS]
        raise RefusedError(reasons.BACKUP_AGE_SAID(name=what, reason=said))
