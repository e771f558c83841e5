"""Releases: whole sites in folders of their own, one of which is the public one.

`GHOST_SITE_WORKDIR` holds `releases/<name>/site/`, beside each its `manifest.json`, and
`public`, a symbolic link to the `site` of one of them. Replacing a link is one step for the file
system, so a reader sees the old site or the new, never half of one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from ghost.files import write_atomic

MANIFEST = "manifest.json"
DRAFT = "draft-"


@dataclass(frozen=True)
class Manifest:
    """What a site was made of: digest of its look, digest of each record by its address."""

    look: str
    records: dict[str, str]
    set_aside: list[str] = field(default_factory=list)

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


def publish(draft: Draft, manifest: Manifest) -> str:
    """Make the draft the public site; its name. Older releases beyond the wanted number go."""
    shutil.rmtree(draft.work, ignore_errors=True)
    write_atomic(draft.folder / MANIFEST, json.dumps(asdict(manifest)).encode())
    folder = draft.folder.rename(_releases() / draft.name)
    _make_way()
    link = public().with_name(f".public-{draft.name}")
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(public().parent) / "site")
    link.replace(public())
    _prune(keep=folder)
    return draft.name


def _releases() -> Path:
    return Path(settings.GHOST.site_workdir) / "releases"


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
