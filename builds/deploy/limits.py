"""How much a host takes: presets of the common ones, and what the operator says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from builds.deploy.site import Site
from ghost.env import Env
from ghost.errors import RefusedError

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """The most that a host takes; 0: as much as you like."""

    files: int = 0
    bytes: int = 0
    file_bytes: int = 0


HOSTS = {
    "none": Limits(),
    # Published sites may have 1 GB, and git refuses files above 100 MiB.
    "github-pages": Limits(bytes=1_000_000_000, file_bytes=100 * MIB),
    # 1 GB and 200,000 entries, folders included: here each page has one of its own.
    "gitlab-pages": Limits(files=100_000, bytes=1_000_000_000),
    "cloudflare-pages": Limits(files=20_000, file_bytes=25 * MIB),
    "cloudflare-pages-paid": Limits(files=100_000, file_bytes=25 * MIB),
}
"""By GHOST_SITE_HOST, from the hosts' own pages on their limits, November 2026."""


def in_force() -> Limits:
    """Those of GHOST_SITE_HOST, but for what GHOST_SITE_MAX_FILES and _BYTES say."""
    env: Env = settings.GHOST
    preset = HOSTS[env.site_host]
    files = preset.files if env.site_max_files is None else env.site_max_files
    size = preset.bytes if env.site_max_bytes is None else env.site_max_bytes
    return Limits(files, size, preset.file_bytes)


def check(limits: Limits, folder: Path, size: tuple[int, int] | None) -> None:
    """RefusedError if the site is larger than that. `size`: files and bytes, counted here where
    nobody knows them and there is a limit."""
    if not limits.files and not limits.bytes:
        return
    files, total = size or count(folder)
    if limits.files and files > limits.files:
        raise RefusedError(_told(f"{files:,} files", f"{limits.files:,}", "GHOST_SITE_MAX_FILES"))
    if limits.bytes and total > limits.bytes:
        raise RefusedError(_told(f"{total:,} bytes", f"{limits.bytes:,}", "GHOST_SITE_MAX_BYTES"))


def count(folder: Path) -> tuple[int, int]:
    """Files and bytes of a folder."""
    files = total = 0
    for path in Site(folder).paths():
        files += 1
        total += (folder / path).stat().st_size
    return files, total


def _told(has: str, limit: str, variable: str) -> str:
    return (
        f"The site has {has}, its host takes {limit}; nothing was deployed. Take resources or a"
        f" language off the site, move to a host that takes more (GHOST_SITE_HOST), or raise"
        f" {variable}."
    )
