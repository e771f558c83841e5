"""The secrets of the configuration: where each comes from, and whether it can be used and is kept well; never what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from ghost.core.config.env import GENERATED, Env, dotenv_path, variable
from ghost.core.config.listing import source_of
from ghost.core.config.values import is_secret


@dataclass(frozen=True)
class KeptSecret:
    """One secret; `source` is `environment`, `.env`, `default` or `generated`."""

    name: str
    source: str
    ok: bool
    """Whether it can be read, and its file is its owner's alone."""


def kept(env: Env) -> Iterator[KeptSecret]:
    """Each secret that is set, or made on the first start."""
    path = dotenv_path()
    in_file = dotenv_values(path)
    for field, info in Env.model_fields.items():
        if not is_secret(info):
            continue
        if getattr(env, field) is not None:
            came_from = source_of(env, field, in_file)
            is_fine = came_from != ".env" or _is_private(path)
            yield KeptSecret(variable(field), came_from, is_fine)
        elif field in GENERATED:
            yield KeptSecret(variable(field), "generated", _is_private(env.secrets_dir / field))


def _is_private(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_mode & 0o077 == 0
    except OSError:
        return False
