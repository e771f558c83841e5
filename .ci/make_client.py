#!/usr/bin/env python3
"""Packs the publishers' client into one file that can be copied and run: `make_client.py dist/ghost`.

The same source gives the same bytes, whatever the clock, the umask and the Python.
"""

import io
import stat
import sys
import zipapp
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "ghost" / "client"
PACKAGE = "ghost_client"
"""Its name in the file: `ghost` is the server's."""
MAIN = f"""import sys

try:
    from {PACKAGE}.command_line import main
except ModuleNotFoundError as error:
    if error.name != "requests":
        raise
    print(f"ghost: {{sys.executable}} has no package requests: pip install requests", file=sys.stderr)
    sys.exit(2)

sys.exit(main())
"""
OLDEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can tell."""


def main(target: Path) -> None:
    """Write the file in one step, executable."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    zipapp.create_archive(packed(contents()), draft, interpreter="/usr/bin/env python3")
    draft.chmod(0o755)
    draft.replace(target)


def contents() -> dict[str, bytes]:
    """What is in it, by name and in order."""
    modules = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    named = {f"{PACKAGE}/{name}": modules[name].read_bytes() for name in sorted(modules)}
    return {"__main__.py": MAIN.encode(), **named}


def packed(files: dict[str, bytes]) -> io.BytesIO:
    """A zip file. Not compressed: versions of zlib differ in what they write."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(entry(name), content)
    zipped.seek(0)
    return zipped


def entry(name: str) -> zipfile.ZipInfo:
    """A file of the archive, with nothing of this machine in it."""
    info = zipfile.ZipInfo(name, OLDEST)
    info.create_system = 3  # Unix, so that the mode counts
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


if __name__ == "__main__":
    main(Path(sys.argv[1]))
