"""The publishers' client in one file, as publishers copy it."""

import subprocess
import sys

import pytest

from ghost.core.config.env import BASE_DIR


@pytest.fixture(scope="session")
def packed_client(tmp_path_factory):
    """What `make client` makes, far from the source."""
    return pack(tmp_path_factory.mktemp("client") / "ghost")


def pack(path):
    """Write the file there."""
    subprocess.run([sys.executable, BASE_DIR / ".ci" / "make_client.py", path], check=True)
    return path
