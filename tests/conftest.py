"""What all tests share: no connection leaves this machine, and settings that can be changed."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from tests.swarm import no_dht, running_swarm, swarm  # noqa: F401  # fixtures


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A connection to anywhere but loopback fails the test."""
    real_connect = socket.socket.connect

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to reach {host}")
        return real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def configure(settings):
    """`configure(build_debounce_s=0)`: Ghost's configuration for one test."""

    def change(**values):
        settings.GHOST = settings.GHOST.model_copy(update=values)
        return settings.GHOST

    return change


@pytest.fixture(autouse=True)
def own_folders(configure, tmp_path):
    """Each test has its own files."""
    configure(
        magnet_metadata_dir=tmp_path / "magnet-metadata",
        magnet_tmp_dir=tmp_path / "magnet-tmp",
        cover_dir=tmp_path / "covers",
        site_workdir=tmp_path / "site-workdir",
        backup_dir=tmp_path / "backups",
    )
