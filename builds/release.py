"""Releases: whole sites in folders of their own, one of which is the public one.

`GHOST_SITE_WORKDIR` holds `releases/<name>/site/`, beside each its `manifest.json`, and
`public`, a symbolic link to the `site` of one of them. Replacing a link is one step for the file
system, so a reader sees the old site or the new, never half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from builds.records import DIGEST_BYTES
from ghost.errors import OutageError
from ghost.files import write_atomic

MANIFEST = "manifest.json"
DRAFT = "draft-"


@dataclass(frozen=True)
class Manifest:
    """What a site was made of: digest of its look, digest of each record by its address.

    `shape` is filled in by `publish`: a digest of the names and sizes of all its files.
    """

    look: str
    records: dict[str, str]
    set_aside: list[str] = field(default_factory=list)
    shape: str = ""

    def is_same(self, look: str, records: dict[str, str]) -> bool:
        """Whether the same site would come out of these."""
        return (self.look, self.records) == (look, records)


@dataclass(frozen=True)
class Draft:
    """A site in the making; nobody sees it."""

    name: str
    folder: Path

    @property
    def site(self) -> Path:
        """Where its files go."""
        return self.folder / "site"

    @property
    def work(self) -> Path:
        """Where what is needed on the way goes; it is not kept."""
        return self.folder / "work"


def public() -> Path:
    """The public site."""
    return Path(settings.GHOST.site_workdir) / "public"


def begin(build_id: int) -> Draft:
    """A new draft. What dead builders left of theirs goes away: only one build runs at a time."""
    _releases().mkdir(parents=True, exist_ok=True)
    for leftover in _releases().glob(f"{DRAFT}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    name = f"{timezone.now():%Y%m%dT%H%M%SZ}-{build_id}"
    draft = Draft(name, _releases() / (DRAFT + name))
    draft.site.mkdir(parents=True)
    draft.work.mkdir()
    return draft


def discard(draft: Draft) -> None:
    """Remove what is left of it, if anything."""
    shutil.rmtree(draft.folder, ignore_errors=True)


def current() -> Manifest | None:
    """The manifest of the public site, if it is there and one of ours."""
    if not public().is_symlink():
        return None
    try:
        return Manifest(**json.loads((public().resolve().parent / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError):  # gone or damaged: built anew
        return None


def is_whole(manifest: Manifest) -> bool:
    """Whether the public site has the files that this manifest was written for, each in its
    size: nobody took one away, and none was left empty."""
    try:
        return manifest.shape == _shape(public())
    except OSError:  # it changes while we look
        return False


def publish(
    draft: Draft, manifest: Manifest, claim: AbstractContextManager[None] | None = None
) -> str:
    """Make the draft the public site; its name. Older releases beyond the wanted number go.

    `claim` is held while the site is swapped, which takes two renames; what it raises stops the
    swap. OutageError if the draft was cleared away by another builder's `begin`.
    """
    if not draft.site.is_dir():
        raise OutageError("This build's draft is gone; another builder took over.")
    shutil.rmtree(draft.work, ignore_errors=True)
    shape = _shape(draft.site)
    # The manifest vouches for the files, so after a power loss it must not be there without
    # them. One sync of everything is far cheaper than one of each file.
    os.sync()
    write_atomic(
        draft.folder / MANIFEST, json.dumps(asdict(replace(manifest, shape=shape))).encode()
    )
    _make_way()
    with claim or nullcontext():
        _swap(draft)
    _prune(keep=_releases() / draft.name)
    return draft.name


def _releases() -> Path:
    return Path(settings.GHOST.site_workdir) / "releases"


def _swap(draft: Draft) -> None:
    folder = draft.folder.rename(_releases() / draft.name)
    link = public().with_name(f".public-{draft.name}")
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(public().parent) / "site")
    link.replace(public())


def _shape(site: Path) -> str:
    """Digest of names and sizes; nothing is opened, and no list of all files is held."""
    seen = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for folder, folders, names in os.walk(site):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)  # noqa: PTH118  # a Path for each costs seconds
            size = os.stat(path).st_size  # noqa: PTH116  # as above
            line = f"{path[len(str(site)) :]}\0{size}\n"
            seen.update(line.encode(errors="surrogateescape"))
    return seen.hexdigest()


def _make_way() -> None:
    """A real folder in the place of the link was made by hand, or by an earlier program: it
    becomes the oldest release."""
    if public().is_dir() and not public().is_symlink():
        aside = _releases() / "00000000T000000Z-0"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        public().rename(aside / "site")


def _prune(keep: Path) -> None:
    wanted: int = settings.GHOST.site_releases_keep
    whole = sorted(p for p in _releases().iterdir() if not p.name.startswith(DRAFT))
    _remove(folder for folder in whole[:-wanted] if folder != keep)
    _remove(link for link in public().parent.glob(".public-*"))


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_symlink():
            with suppress(FileNotFoundError):
                path.unlink()
        else:
            shutil.rmtree(path, ignore_errors=True)
