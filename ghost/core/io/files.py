"""Files that a reader never sees half written, and who may read them.

Whatever Ghost makes is its owner's alone, but for the public site: SPEC §8. `keep_private` sees to
the first, whatever the shell's umask; what is public says so.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PRIVATE_FILE, PRIVATE_FOLDER, PRIVATE_UMASK = 0o600, 0o700, 0o077
PUBLIC_FILE, PUBLIC_FOLDER, PUBLIC_UMASK = 0o644, 0o755, 0o022
PASSABLE_FOLDER = 0o711
"""Others reach what lies in it, and can't see what does."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private() -> None:
    """From here on this process and its children make files and folders that are theirs alone,
    SQLite's too."""
    os.umask(PRIVATE_UMASK)


def make_folder(folder: Path, mode: int = PRIVATE_FOLDER, *, above: int | None = None) -> None:
    """Make a folder with this mode whatever the umask, and those above it that are missing with
    the mode `above` (the same if not given). One that is there stays as it is."""
    above = mode if above is None else above
    for missing in reversed(folder.parents):
        if not missing.exists():
            _make(missing, above)
    _make(folder, mode)


def _make(folder: Path, mode: int) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        set_mode(folder, mode)


def make_public(folder: Path) -> None:
    """Let everybody read a whole tree; its top comes last, and so tells whether it was done."""
    for entry in entries(folder):
        is_folder = entry.is_dir(follow_symlinks=False)
        _set_mode(entry, PUBLIC_FOLDER if is_folder else PUBLIC_FILE)
    set_mode(folder, PUBLIC_FOLDER)


def make_private(folder: Path) -> None:
    """Let only their owner read what is in a tree; its top comes last, as above."""
    for entry in entries(folder):
        _set_mode(entry, _mode(entry) & ~OTHERS)
    set_mode(folder, PRIVATE_FOLDER)


def set_mode(path: Path, wanted: int) -> bool:
    """Give a file or folder this mode if it has another; whether it had. What is not there,
    somebody else's, or on a disk without modes stays as it is: `manage.py doctor` tells."""
    with suppress(OSError):
        if stat.S_IMODE(path.stat().st_mode) != wanted:
            path.chmod(wanted)
            return True
    return False


def entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All that lies in a tree, but for links, what goes away meanwhile, and what can't be read. No Path for each: a
    site has hundreds of thousands of files."""
    above = [f"{folder}"]
    while above:
        with suppress(OSError), os.scandir(above.pop()) as found:
            for entry in found:
                if entry.is_symlink():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    above.append(entry.path)
                yield entry


def _mode(entry: os.DirEntry[str]) -> int:
    return stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)


def _set_mode(entry: os.DirEntry[str], wanted: int) -> None:
    with suppress(OSError):
        if _mode(entry) != wanted:
            os.chmod(entry.path, wanted)  # noqa: PTH101  # as above


def write_atomic(
    path: Path, body: bytes, *, mode: int = PRIVATE_FILE, survives_power_loss: bool = True
) -> None:
    """Put `body` at `path` in one step, so that a crash leaves the old file or the new.

    Without `survives_power_loss` it is not forced to disk: for what can be made again.
    """
    with replacing(path, mode=mode, survives_power_loss=survives_power_loss) as stream:
        stream.write(body)


@contextmanager
def replacing(
    path: Path, *, mode: int = PRIVATE_FILE, survives_power_loss: bool = True
) -> Iterator[BinaryIO]:
    """What is written to the stream stands at `path` once the block is left, unless with an error:
    then `path` stays as it was. Folders that are missing can be read by whom the file can."""
    make_folder(path.parent, PUBLIC_FOLDER if mode & OTHERS else PRIVATE_FOLDER)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if survives_power_loss:
                os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:  # a time-out too: no half file may stay
        Path(name).unlink(missing_ok=True)
        raise


def inside(root: Path, relative: str) -> Path:
    """`root / relative`, or ValueError if that would lie outside `root`."""
    root = root.resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root):
        raise ValueError(f"{relative!r} leads out of its folder")
    return path
