"""How much a host takes: presets of the common ones, and what the operator says."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from builds import reasons
from builds.deploy.target import Site
from ghost.core.config.env import Env
from ghost.core.errors import RefusedError
from ghost.core.text.reasons import ReasonCode

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
"""By GHOST_SITE_LIMITS, from the hosts' own pages on their limits, November 2026."""


def in_force() -> Limits:
    """Those of GHOST_SITE_LIMITS, but for what GHOST_SITE_MAX_FILES and _BYTES say."""
    env: Env = settings.GHOST
    preset = HOSTS[env.site_limits]
    files = preset.files if env.site_max_files is None else env.site_max_files
    size = preset.bytes if env.site_max_bytes is None else env.site_max_bytes
    return Limits(files, size, preset.file_bytes)


def check(limits: Limits, site: Site, size: tuple[int, int] | None = None) -> None:
    """RefusedError if the site is larger than that. `size`: its files and bytes, counted here
    where nobody knows them and there is a limit."""
    if limits.files or limits.bytes:
        files, total = size or count(site)
        _check(files, limits.files, reasons.TOO_MANY_FILES)
        _check(total, limits.bytes, reasons.TOO_MANY_BYTES)
    if limits.file_bytes:
        _check_each(limits.file_bytes, site)


def count(site: Site) -> tuple[int, int]:
    """Files and bytes of a site."""
    sizes = [(site.folder / path).stat().st_size for path in site.paths()]
    return len(sizes), sum(sizes)


def _check(found: int, limit: int, too_many: ReasonCode) -> None:
    if limit and found > limit:
        raise RefusedError(too_many(number=found, limit=limit))


def _check_each(limit_bytes: int, site: Site) -> None:
    paths = site.paths() if site.changes is None else site.split()[0]
    for path in paths:
        size = (site.folder / path).stat().st_size
        if size > limit_bytes:
            raise RefusedError(reasons.FILE_TOO_LARGE(name=path, number=size, limit=limit_bytes))
