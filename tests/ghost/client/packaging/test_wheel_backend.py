"""`pip install ./ghost/client`: without a network and a build tool."""

import os
import subprocess
import sys
import venv
from pathlib import Path

from ghost.client import transport
from ghost.client.packaging import wheel_backend
from ghost.core.config.env import BASE_DIR


def test_pip_installs_the_command(tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    python, source = tmp_path / "venv" / "bin" / "python", BASE_DIR / "ghost" / "client"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "--disable-pip-version-check",
        "--python",
        python,
    ]
    options = [
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--no-cache-dir",
        "--no-compile",
        "-q",
    ]
    subprocess.run([*pip, "install", *options, source], check=True)
    requests = next(p for p in map(Path, sys.path) if (p / "requests").is_dir())

    said = subprocess.run(
        [tmp_path / "venv" / "bin" / "ghost", "--version"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(requests)},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert said.stdout == f"ghost-client {transport.VERSION}\n"


def test_the_wheel_is_the_same_whenever_it_is_made(tmp_path):
    (tmp_path / "again").mkdir()

    name, again = (
        wheel_backend.build_wheel(str(place)) for place in (tmp_path, tmp_path / "again")
    )

    assert name == again == f"ghost_client-{transport.VERSION}-py3-none-any.whl"
    assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
