"""A process that opens files as an import does, and says what each took: `python -m … FILE…`.

For each a line of JSON: why it was refused or how many lines it has, and by how many MiB the process had grown at most.
"""

import json
import resource
import sys
from pathlib import Path

import django

django.setup()

from ghost.core.errors import RefusedError  # noqa: E402  # after the set-up
from resources.exchange import formats  # noqa: E402  # after the set-up

MOST = 3 << 30
"""Bytes of address space: whatever asks for more fails at once, and harms nobody."""


def resident_mib(what: str) -> float:
    """`VmRSS`, what is in memory now, or `VmHWM`, the most since `forget_peak`: proc(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [found] = [line.split()[1] for line in lines if line.startswith(f"{what}:")]
    return int(found) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def read(path: Path) -> list[str]:
    """The outcomes of its lines, or the one reason for which it is refused."""
    try:
        with formats.opened(
            str(path), formats.of_source(str(path)), metadata_dir=path.parent / "metadata"
        ) as source:
            lines = (line.what for line in source.lines)
            return [str(what) if isinstance(what, RefusedError) else "read" for what in lines]
    except RefusedError as error:
        return [str(error)]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
    for name in sys.argv[1:]:
        forget_peak()
        before = resident_mib("VmRSS")
        outcomes = read(Path(name))
        print(json.dumps([name, outcomes[:3], round(resident_mib("VmHWM") - before)]), flush=True)
