"""`pip install ./ghost/client`: without a network and a build tool."""

import os
import subprocess
import sys
import venv
from pathlib import Path

from ghost.client import transport
from ghost.core.config.env import BASE_DIR


def test_pip_installs_the_command(tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir", "-q"]
    made = [*pip, "wheel", *options, "-w", tmp_path, BASE_DIR / "ghost" / "client"]
    subprocess.run(made, check=True)
    [wheel] = tmp_path.glob("*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [*pip, "--python", python, "install", *options, wheel], check=True
    )  # fmt: skip
    requests = next(p for p in map(Path, sys.path) if (p / "requests").is_dir())

    said = subprocess.run(
        [tmp_path / "venv" / "bin" / "ghost", "--version"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(requests)},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert said.stdout == f"ghost-client {transport.VERSION}\n"
    assert wheel.name == f"ghost_client-{transport.VERSION}-py3-none-any.whl"
