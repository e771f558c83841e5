"""Who may read Ghost's files: SPEC §8. New ones come right by themselves (`ghost.core.io.files`);
what an earlier version made, or somebody copied in, is put right when web and worker start."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from django.conf import settings

from builds.tree import releases
from ghost.core.config import env
from ghost.core.config.env import BASE_DIR
from ghost.core.config.groups.deployment import is_elsewhere
from ghost.core.io import files
from ghost.core.io.files import OTHERS, PASSABLE_FOLDER, PRIVATE_FILE, PRIVATE_FOLDER
from ghost.core.logs import rotation

PRIVATE = ("secrets_dir", "magnet_metadata_dir", "magnet_tmp_dir", "cover_dir", "backup_dir")
"""Variables that name folders which hold nothing but what Ghost keeps there."""
FEW = ("secrets_dir", "backup_dir")
"""Those with few files: looked at one by one at each start."""
FEW_COMMANDS = 3
VAR = BASE_DIR / "var"
HOME = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() fails where nobody knows it
OTHER_PEOPLES = {Path("/"), BASE_DIR, *BASE_DIR.parents, HOME, *HOME.parents}
"""Folders that are never closed, whatever the configuration says."""


@dataclass(frozen=True)
class Wide:
    """A file or folder that others may do more with than they should, and its mode to be."""

    path: Path
    wanted: int


def commands(found: list[Wide]) -> list[str]:
    """What closes these, for a shell: one for each, or one for all of a folder with many."""
    made = dict[str, None]()
    for folder in _private_folders():
        inside = [each for each in found if each.path.is_relative_to(folder)]
        if len(inside) > FEW_COMMANDS:
            made[f"chmod -R go= {quote(str(folder))}"] = None
            found = [each for each in found if each not in inside]
    return [*made, *(f"chmod {each.wanted:o} {quote(str(each.path))}" for each in found)]


def put_right() -> None:
    """Close what stands open. Of large folders, files are looked at one by one only if the folder
    itself was open: so that is done once."""
    for folder in _private_folders():
        if _mode(folder) & OTHERS:
            files.make_private(folder)
    for release in releases.complete():
        if (release / "site").is_dir() and _mode(release / "site") != files.PUBLIC_FOLDER:
            files.make_public(release / "site")
    for path, wanted in (*_tops(), *_few_files()):
        files.set_mode(path, wanted)
    releases.let_be_reached()


def too_wide() -> list[Wide]:
    """All that stands open, each file looked at; of the public site only its tops."""
    wanted = dict((*_tops(), *_few_files(), *_given_files(), *_private_trees()))
    return [Wide(path, mode) for path, mode in wanted.items() if _mode(path) & OTHERS & ~mode]


def world_writable() -> Iterator[Path]:
    """Folders of Ghost's, or above them, in which anybody may put another one in their place."""
    own = _own()
    above = {folder for path in own for folder in path.parents} - own
    yield from (folder for folder in sorted(own) if _mode(folder) & stat.S_IWOTH)
    open_ones = (folder for folder in sorted(above) if _mode(folder) & stat.S_IWOTH)
    # As in /tmp, only the owner of what lies there may rename it.
    yield from (folder for folder in open_ones if not _mode(folder) & stat.S_ISVTX)


def is_published(path: Path) -> bool:
    """Whether what lies there would be public: in the site, or in the folder it is deployed to."""
    site: Path = settings.GHOST.site_workdir
    places = [site / "public", site / "releases"]
    target: str = settings.GHOST.deploy_target
    if target and not is_elsewhere(target):
        places.append(BASE_DIR / Path(target).expanduser())
    return any(path.resolve().is_relative_to(place.resolve()) for place in places)


def _own() -> set[Path]:
    named = {getattr(settings.GHOST, name) for name in PRIVATE}
    return named | {settings.GHOST.site_workdir, settings.GHOST.db_path.parent}


def _tops() -> Iterator[tuple[Path, int]]:
    """Folders that are no deeper looked into, and their modes to be."""
    site: Path = settings.GHOST.site_workdir
    above = {folder for own in _own() for folder in own.parents if folder.is_relative_to(VAR)}
    passed = ({site} | above) - OTHER_PEOPLES
    yield from ((folder, PASSABLE_FOLDER) for folder in (*passed, site / "releases"))
    for release in releases.complete():
        yield release / "deltas", PRIVATE_FOLDER
        yield release / releases.STATE, PRIVATE_FILE
    database: Path = settings.GHOST.db_path.parent
    is_ours = database.is_relative_to(VAR) or (database not in OTHER_PEOPLES and _holds_only_ours())
    if is_ours and database not in {*passed, *site.parents}:
        yield database, PRIVATE_FOLDER


def _holds_only_ours() -> bool:
    """Whether nothing but what is ours lies in the database's folder: else it may be one such as
    /srv, and is left as it is."""
    own = {getattr(settings.GHOST, name) for name in PRIVATE} | set(_beside_database())
    folder: Path = settings.GHOST.db_path.parent
    return set(folder.iterdir() if folder.is_dir() else ()) <= own


def _beside_database() -> Iterator[Path]:
    database: Path = settings.GHOST.db_path
    yield database.with_name("dht.state")
    for pattern in (f"{database.name}*", "password-hashing-*.lock"):  # -wal, -shm, .replaced-…
        yield from database.parent.glob(pattern)


def _given_files() -> Iterator[tuple[Path, int]]:
    """Files with secrets that an operator wrote: theirs to close. A group may be there to read
    them, as where they are root's and Ghost is not."""
    for path in (env.dotenv_path(), settings.GHOST.age_identity_file):
        if path and path.is_file() and _mode(path) & stat.S_IRWXO:
            yield path, PRIVATE_FILE


def _few_files() -> Iterator[tuple[Path, int]]:
    yield settings.GHOST.site_workdir / "merge.lock", PRIVATE_FILE
    folders = [getattr(settings.GHOST, name) for name in FEW]
    if settings.GHOST.log_dir:  # which may hold others' files too
        yield from ((p, PRIVATE_FILE) for p in settings.GHOST.log_dir.glob(f"{rotation.NAME}*"))
    yield from ((path, PRIVATE_FILE) for path in _beside_database())
    for folder in folders:
        with suppress(OSError):  # not there, or no folder
            for path in folder.iterdir():
                yield path, PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE


def _private_folders() -> Iterator[Path]:
    named = {getattr(settings.GHOST, name) for name in PRIVATE}
    yield from sorted(named - OTHER_PEOPLES)
    yield settings.GHOST.site_workdir / "deploy"


def _private_trees() -> Iterator[tuple[Path, int]]:
    for folder in _private_folders():
        yield folder, PRIVATE_FOLDER
        for entry in files.entries(folder):
            yield Path(entry.path), PRIVATE_FOLDER if entry.is_dir() else PRIVATE_FILE


def _mode(path: Path) -> int:
    """Its permissions; none if it is not there, or not to be looked at."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
