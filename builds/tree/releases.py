"""The public tree: whole sites in folders of their own, one of which is the public one.

`GHOST_SITE_WORKDIR` holds `releases/<name>/site/`, beside each its `state.json`, and `public`, a
symbolic link to the `site` of one of them. Replacing a link is one step for the file system. What
later builds changed in a site lies in its `deltas/` (`builds.tree.patches`).

A token names each state of a tree. The database holds the token of the state that its tables
describe; where the two differ, only a full build mends it.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from builds import reasons
from ghost.core.errors import OutageError
from ghost.core.io.files import (
    PASSABLE_FOLDER,
    PRIVATE_FOLDER,
    make_folder,
    make_public,
    set_mode,
    write_atomic,
)

STATE = "state.json"
DRAFT = "draft-"


@dataclass(frozen=True)
class Draft:
    """A site in the making; nobody sees it."""

    name: str
    folder: Path

    @property
    def site(self) -> Path:
        """The folder for its files: the site itself."""
        return self.folder / "site"

    @property
    def work(self) -> Path:
        """Where what is needed on the way goes; it is not kept."""
        return self.folder / "work"


def new_token() -> str:
    """A name for a state of the tree that no other state ever had."""
    return uuid.uuid4().hex


def public() -> Path:
    """The path of the public site, a symbolic link once there is one."""
    return Path(settings.GHOST.site_workdir) / "public"


def current() -> Path | None:
    """The folder of the public release, if it is there and one of ours."""
    folder = public().resolve().parent
    return folder if public().is_symlink() and (folder / STATE).is_file() else None


def begin(build_id: int) -> Draft:
    """A new draft, and no other: only one build runs at a time."""
    clear()
    make_folder(releases(), PASSABLE_FOLDER)
    name = f"{timezone.now():%Y%m%dT%H%M%SZ}-{build_id}"
    draft = Draft(name, releases() / (DRAFT + name))
    draft.site.mkdir(parents=True)
    draft.work.mkdir()
    return draft


def clear() -> None:
    """Remove the drafts of dead builders: each may be as big as the site."""
    _remove(releases().glob(f"{DRAFT}*"))


def discard(draft: Draft) -> None:
    """Remove what is left of it, if anything."""
    shutil.rmtree(draft.folder, ignore_errors=True)


def token_of(folder: Path | None) -> str:
    """The state that a release is in; empty if it is in none that is known."""
    try:
        return str(json.loads((folder / STATE).read_bytes())["token"]) if folder else ""
    except (OSError, ValueError, KeyError, TypeError):  # gone or damaged: built anew
        return ""


def set_token(folder: Path, token: str) -> None:
    """Say which state a release is in."""
    write_atomic(folder / STATE, json.dumps({"token": token}).encode())


def prepare(draft: Draft, token: str) -> None:
    """Make a draft ready to be public: whole on the disk, and in the state that `token` names.

    OutageError if the draft was cleared away by another builder's `begin`.
    """
    if not draft.site.is_dir():
        raise OutageError(reasons.DRAFT_GONE())
    shutil.rmtree(draft.work, ignore_errors=True)
    make_public(draft.site)
    # The state vouches for the files, so after a power loss it must not be there without them.
    # One sync of everything is far cheaper than one of each file.
    os.sync()
    set_token(draft.folder, token)


def publish(draft: Draft) -> None:
    """Make a prepared draft the public site, in two renames. Older releases stay: see `prune`."""
    folder = draft.folder.rename(releases() / draft.name)
    _make_way()  # as late as can be: from here on nothing is public
    swap_to(folder)


def swap_to(folder: Path) -> None:
    """Make a release the public one, in one step."""
    set_mode(folder, PASSABLE_FOLDER)
    link = public().with_name(f".public-{folder.name}")
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(public().parent) / "site")
    link.replace(public())
    let_be_reached()


def let_be_reached() -> None:
    """Let others reach the public release, and none else: an older one may show what was taken
    down since."""
    present = public().resolve().parent
    for folder in complete():
        if folder != present:
            set_mode(folder, PRIVATE_FOLDER)
    # Last, and looked for again: it may have become the public one meanwhile.
    if (present := public().resolve().parent) in complete():
        set_mode(present, PASSABLE_FOLDER)


def releases() -> Path:
    """The folder of all releases."""
    return Path(settings.GHOST.site_workdir).resolve() / "releases"


def complete() -> list[Path]:
    """The folders of all releases, the oldest first."""
    if not releases().is_dir():
        return []
    return sorted(path for path in releases().iterdir() if not path.name.startswith(DRAFT))


def remove(folder: Path) -> None:
    """Remove a release that is not the public one."""
    _remove([folder])


def prune() -> None:
    """Remove releases beyond the wanted number, never the public one."""
    wanted: int = settings.GHOST.site_releases_keep
    keep = public().resolve().parent
    _remove(folder for folder in complete()[:-wanted] if folder != keep)
    _remove(public().parent.glob(".public-*"))


def _make_way() -> None:
    """A real folder in the place of the link was made by hand, or by an earlier program: it
    becomes the oldest release."""
    if public().is_dir() and not public().is_symlink():
        oldest = releases() / "00000000T000000Z-0"
        shutil.rmtree(oldest, ignore_errors=True)
        oldest.mkdir()
        public().rename(oldest / "site")


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_symlink():
            with suppress(FileNotFoundError):
                path.unlink()
        else:
            shutil.rmtree(path, ignore_errors=True)
