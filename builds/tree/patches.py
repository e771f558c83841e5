"""TreeChanges of the public tree, file by file: staged, merged, and kept so that they can be undone.

A delta lies in `deltas/<build>-<token>/` of its release: `new/` holds what is to come, `plan.json`
says what the merge does, `old/` what it replaced. Once the patch is there, the merge can be done by
anyone, any number of times; which patch counts is decided by the token in the database.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from builds.tree import releases
from builds.tree.releases import set_token, token_of
from ghost.core.io.files import PUBLIC_FOLDER, make_folder, make_public, write_atomic

KEPT = 20
"""Deltas of the public release that can be undone."""
PATCH_FILE = "plan.json"
MANY = 200
"""More files than these are not brought to the disk one by one."""
_LAST = ("index/manifest.json", "search/manifest.json", "sitemap.xml")


@dataclass(frozen=True)
class Patch:
    """From one state of the tree to the next; paths are relative to the site."""

    base: str
    token: str
    build: int
    files: list[str]
    removed: list[str]
    added: list[str] = field(default_factory=list)
    """Those of `files` that were not there before."""


@dataclass(frozen=True)
class TreeChanges:
    """Paths, relative to the public folder, that differ between two states."""

    files: set[str]
    removed: set[str]


@dataclass(frozen=True)
class PatchDraft:
    """A delta in the making."""

    folder: Path
    base: str
    token: str
    build: int

    @property
    def release_name(self) -> str:
        """Of the release that it is for."""
        return self.folder.parent.parent.name

    @property
    def new(self) -> Path:
        """The folder for its files, laid out as the site is."""
        return self.folder / "new"

    @property
    def work(self) -> Path:
        """Where what is needed on the way goes; it is not kept."""
        return self.folder / "work"


def begin(build_id: int) -> PatchDraft | None:
    """A new draft on the public release; None if there is none."""
    folder = releases.current()
    if folder is None:
        return None
    token = releases.new_token()
    draft = PatchDraft(
        folder / "deltas" / f"{build_id:010}-{token[:8]}", token_of(folder), token, build_id
    )
    draft.new.mkdir(parents=True)
    draft.work.mkdir()
    return draft


def discard(draft: PatchDraft) -> None:
    """Remove one that was not sealed; of a sealed one, `finish_interrupted` knows whether it counts."""
    if not (draft.folder / PATCH_FILE).is_file():
        _remove(draft.folder)


def to_disk(draft: PatchDraft) -> None:
    """Have all its files on the disk; `seal` then has little left to do."""
    paths = list(_files(draft.new))
    if len(paths) > MANY:  # one sync of everything is far cheaper
        os.sync()
        return
    for path in paths:
        _to_disk(draft.new / path)


def seal(draft: PatchDraft, removed: list[str]) -> Patch:
    """Write down what the merge will do; from here on it needs nothing but its folder."""
    shutil.rmtree(draft.work, ignore_errors=True)
    make_public(draft.new)
    site, new = public_of(draft.folder), list(_files(draft.new))
    added = {path for path in new if _size(f"{site}/{path}") is None}
    files = sorted(new, key=lambda path: _rank(path, is_new=path in added))
    patch = Patch(
        draft.base, draft.token, draft.build, files,
        [path for path in removed if _size(f"{site}/{path}") is not None],
        [path for path in files if path in added],
    )  # fmt: skip
    to_disk(draft)
    write_atomic(draft.folder / PATCH_FILE, json.dumps(asdict(patch)).encode())
    return patch


def growth(draft: PatchDraft, removed: list[str]) -> tuple[int, int]:
    """By how many files and bytes the merge lets the site grow."""
    site, files, size = public_of(draft.folder), 0, 0
    for path in _files(draft.new):
        before = _size(f"{site}/{path}")
        files += before is None
        size += (_size(f"{draft.new}/{path}") or 0) - (before or 0)
    for path in removed:
        if (before := _size(f"{site}/{path}")) is not None:
            files, size = files - 1, size - before
    return files, size


def _size(path: str) -> int | None:
    """Of a file, in bytes; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  # a Path for each costs seconds
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def apply(folder: Path, patch: Patch) -> None:
    """Bring a sealed delta into the tree. Each file is replaced in one step: new ones first, then
    what links to them, removals last. May be repeated, also after it was killed; once it is done,
    it does nothing, since later deltas may have come.
    """
    site, new, old = public_of(folder), folder / "new", folder / "old"
    for path in patch.files:
        if _size(f"{new}/{path}") is not None:
            _keep(f"{site}/{path}", f"{old}/{path}")
            with suppress(FileNotFoundError):  # another one did it in this moment
                _into_folder(os.replace, f"{new}/{path}", f"{site}/{path}")
    for path in patch.removed:
        if new.is_dir():  # else another one has ended this meanwhile
            with suppress(FileNotFoundError):
                _take(site / path, old / path, folder / f"taken-{os.getpid()}")
    for path in patch.removed if new.is_dir() else ():  # all files first: a disk is slow at folders
        _drop_empty((site / path).parent, site)
    if new.is_dir():
        if token_of(folder.parent.parent) == patch.base:  # else it is done, and another one came
            set_token(folder.parent.parent, patch.token)
        shutil.rmtree(new, ignore_errors=True)
    _prune(folder.parent)


def finish_interrupted(*tokens: str) -> None:
    """Merge what somebody who died left sealed, if the database knows it by one of these tokens;
    remove what was left otherwise."""
    finish_sealed(*tokens)
    for folder in _folders(releases.current()):
        if (folder / "new").is_dir() or not _patch(folder):
            _remove(folder)


def finish_sealed(*tokens: str) -> None:
    """Merge what was left sealed and is known by one of these tokens; leave all else, which may be
    a delta in the making."""
    for folder in _folders(releases.current()):
        patch = _patch(folder)
        if patch and patch.token in tokens and (folder / "new").is_dir():
            apply(folder, patch)


def changes_since(token: str) -> TreeChanges | None:
    """What changed in the public tree since that state; None if it can't be told."""
    current = releases.current()
    present, steps = token_of(current), {patch.base: patch for patch in applied(current)}
    found = TreeChanges(set(), set())
    while token != present:
        if token not in steps:
            return None
        patch = steps.pop(token)
        found.files.update(patch.files)
        found.removed.difference_update(patch.files)
        found.removed.update(patch.removed)
        found.files.difference_update(patch.removed)
        token = patch.token
    return found


def replaced_since(folder: Path, token: str) -> dict[str, Path] | None:
    """Where the content is kept that files of a release had in that state, of those that are others
    or gone now. None if it isn't known to have been in that state."""
    found: dict[str, Path] = {}
    if releases.token_of(folder) == token:
        return found
    for patch in undoable(folder):
        old = folder_of(folder, patch) / "old"
        found |= {p: old / p for p in (*patch.files, *patch.removed) if (old / p).is_file()}
        if patch.base == token:
            return found
    return None


def revert(folder: Path, patch: Patch) -> None:
    """Take a merged delta back: the tree is again in the state that it began from. What is linked
    to comes before its links, and goes after them."""
    site, old = public_of(folder), folder / "old"
    set_token(folder.parent.parent, "")  # until it is done, it is in no state at all
    for path in [*patch.removed, *patch.files]:
        if (old / path).is_file():
            make_folder((site / path).parent, PUBLIC_FOLDER)
            (old / path).replace(site / path)
    for path in patch.added:
        (site / path).unlink(missing_ok=True)
        _drop_empty((site / path).parent, site)
    set_token(folder.parent.parent, patch.base)
    _remove(folder)


def applied(current: Path | None) -> list[Patch]:
    """The deltas of a release that were merged, by the numbers of their builds."""
    found = (_patch(folder) for folder in _folders(current) if not (folder / "new").is_dir())
    return [patch for patch in found if patch]


def undoable(current: Path | None) -> list[Patch]:
    """Those that led one after the other to its present state, the latest first."""
    steps, token = {patch.token: patch for patch in applied(current)}, token_of(current)
    chain = list[Patch]()
    while patch := steps.pop(token, None):
        chain, token = [*chain, patch], patch.base
    return chain


def keep_only(current: Path, kept: list[Patch]) -> int:
    """Remove all merged deltas of a release but these, so that they can't be undone; how many."""
    names = {_name(patch) for patch in kept}
    merged = [f for f in _folders(current) if _patch(f) and not (f / "new").is_dir()]
    gone = [folder for folder in merged if folder.name not in names]
    for folder in gone:
        _remove(folder)
    return len(gone)


def folder_of(current: Path, patch: Patch) -> Path:
    """The folder of a patch in that release."""
    return current / "deltas" / _name(patch)


def _name(patch: Patch) -> str:
    return f"{patch.build:010}-{patch.token[:8]}"


def public_of(folder: Path) -> Path:
    """The site that a delta belongs to."""
    return folder.parent.parent / "site"


def _folders(current: Path | None) -> list[Path]:
    inside = current / "deltas" if current else None
    return sorted(inside.iterdir()) if inside and inside.is_dir() else []


def _patch(folder: Path) -> Patch | None:
    try:
        return Patch(**json.loads((folder / PATCH_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _files(folder: Path) -> Iterator[str]:
    start = len(str(folder)) + 1
    for where, _, names in os.walk(folder):
        for name in names:
            yield f"{where}/{name}"[start:]  # a Path for each would cost seconds


def _rank(path: str, *, is_new: bool) -> tuple[int, str]:
    """New files, which nobody knows of yet; then pages of resources, then lists, which may lead to
    all of these; then what names files by their digests."""
    if path in _LAST:
        return 3 + _LAST.index(path), path
    if is_new:
        return 0, path
    return (1 if "resources/" in path or path.startswith("assets/") else 2), path


def _keep(present: str, old: str) -> None:
    with suppress(FileNotFoundError, FileExistsError):
        _into_folder(os.link, present, old)


def _into_folder(act: Callable[[str, str], None], source: str, target: str) -> None:
    """Link or move a file into a folder, which is made if it is not there: most are."""
    try:
        act(source, target)
    except FileNotFoundError:
        make_folder(Path(target).parent, PUBLIC_FOLDER)  # what is kept lies in a closed one
        act(source, target)


def _take(present: Path, old: Path, taken: Path) -> None:
    """Remove a file and keep it. If we slept, and a later delta brought another one, that goes
    back: no look beforehand could tell, for one may fall asleep after any look."""
    _keep(f"{present}", f"{old}")
    present.replace(taken)
    if not taken.samefile(old):
        with suppress(FileExistsError):
            os.link(taken, present)
    taken.unlink()


def _drop_empty(folder: Path, root: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except FileNotFoundError:  # whoever removed it may have died before its parent
            pass
        except OSError:  # not empty
            return
        folder = folder.parent


def _to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _prune(folder: Path) -> None:
    kept = {folder / _name(patch) for patch in undoable(folder.parent)[:KEPT]}
    for old in folder.iterdir():
        if old not in kept and (old / PATCH_FILE).is_file() and not (old / "new").is_dir():
            _remove(old)


def _remove(folder: Path) -> None:
    """Its patch first: half a folder must not look like a delta that can be undone."""
    (folder / PATCH_FILE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
