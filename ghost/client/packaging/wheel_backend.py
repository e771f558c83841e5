"""Makes the wheel `ghost-client` (PEP 517, PEP 427) of this package, with nothing but the standard library.

So the client is installed from the project without a build tool, and without a network where `requests` is
there. In it the package is called `ghost_client`, as in the one file of `make client`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
PACKAGE = "ghost_client"
OLDEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can tell: the same source gives the same bytes."""


def build_wheel(
    wheel_directory: str, config_settings: object = None, metadata_directory: object = None
) -> str:
    """Write the wheel there; its name."""
    name = f"{PACKAGE}-{_version()}-py3-none-any.whl"
    files = _files()
    info = f"{PACKAGE}-{_version()}.dist-info"
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_STORED) as wheel:
        for path, body in files.items():
            wheel.writestr(zipfile.ZipInfo(path, OLDEST), body)
    return name


def _files() -> dict[str, bytes]:
    sources = sorted(path for path in SOURCE.rglob("*.py") if path.parent.name != "packaging")
    files = {
        f"{PACKAGE}/{path.relative_to(SOURCE).as_posix()}": path.read_bytes() for path in sources
    }
    info = f"{PACKAGE}-{_version()}.dist-info"
    return {
        **files,
        f"{info}/METADATA": _METADATA.format(version=_version()).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: ghost\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\nghost = {PACKAGE}.command_line:main\n".encode(),
    }


def _version() -> str:
    text = (SOURCE / "transport.py").read_text(encoding="utf-8")
    found = re.search(r'^VERSION = "(.+)"$', text, re.MULTILINE)
    assert found  # noqa: S101  # it stands there
    return found[1]


def _record(files: dict[str, bytes], own: str) -> bytes:
    """Digest and size of each file, in the form of PEP 376."""
    lines = [f"{path},sha256={_digest(body)},{len(body)}" for path, body in files.items()]
    return "\n".join([*lines, f"{own},,", ""]).encode()


def _digest(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


_METADATA = """Metadata-Version: 2.1
Name: ghost-client
Version: {version}
Summary: Publish to a Ghost catalog: the command ghost, and a class for scripts.
License: MIT
Requires-Python: >=3.9
Requires-Dist: requests>=2.25
"""
