"""What all tests share: no connection leaves this machine, and settings that can be changed."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from tests.swarm import no_dht, running_swarm, swarm  # noqa: F401  # fixtures
from tests.trackers import asking, asking_public, opentracker, serve  # noqa: F401  # fixtures


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A packet or connection of this process to anywhere but loopback fails the test.

    Programs that tests start, and libtorrent, are bound to loopback by their settings.
    """
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


def _guarded(call):
    def checked(self, *args):
        # The address comes last in all three.
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert ipaddress.ip_address(args[-1][0]).is_loopback, f"a test tried {args[-1]}"
        return call(self, *args)

    return checked


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
