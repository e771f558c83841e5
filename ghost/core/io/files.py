"""Files that a reader never sees half written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_atomic(
    path: Path, body: bytes, *, mode: int = 0o644, survives_power_loss: bool = True
) -> None:
    """Put `body` at `path` in one step, so that a crash leaves the old file or the new.

    Without `survives_power_loss` it is not forced to disk: for what can be made again.
    """
    with replacing(path, mode=mode, survives_power_loss=survives_power_loss) as stream:
        stream.write(body)


@contextmanager
def replacing(
    path: Path, *, mode: int = 0o644, survives_power_loss: bool = True
) -> Iterator[BinaryIO]:
    """What is written to the stream stands at `path` once the block is left, unless with an error:
    then `path` stays as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            if survives_power_loss:
                os.fsync(stream.fileno())
        Path(name).chmod(mode)
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
