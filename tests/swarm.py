"""Fixtures of a real DHT with real seeders on loopback; see ghost/demo/swarm.py."""

from __future__ import annotations

import os
import random
from itertools import product

import pytest

from dht.engine import session as engine_session
from ghost.demo import seeds
from ghost.demo.swarm import LoopbackSwarm

NETWORK = f"127.{192 + os.getpid() % 60}"
"""An own network for each test run, so that two can run at once, beside the demo too."""


def make_seeds(root, number=12):
    """Torrents of all six kinds: v1, hybrid and v2, each as one file and as a folder."""
    dice = random.Random(1)
    kinds = list(product(seeds.Version, (False, True)))
    return [_make_seed(root / str(i), i, *kinds[i % len(kinds)], dice) for i in range(number)]


def _make_seed(save_path, number, version, is_folder, dice):
    contents = {"": dice.randbytes(dice.randrange(1, 50_000))}
    if is_folder:
        contents = {
            "README.txt": dice.randbytes(300),
            "disc 1/track-été.bin": dice.randbytes(dice.randrange(1, 40_000)),
            "第二/注释.md": dice.randbytes(700),
        }
    return seeds.make(save_path, f"work {number} {version}", contents, version)


@pytest.fixture(scope="session")
def running_swarm(tmp_path_factory):
    """Sixteen DHT nodes and two seeders of twelve torrents, for the whole test run."""
    with LoopbackSwarm(make_seeds(tmp_path_factory.mktemp("seeds")), network=NETWORK) as running:
        yield running
    engine_session.close()


@pytest.fixture
def swarm(running_swarm, configure, tmp_path):
    """The running swarm, with Ghost's settings pointing at it."""
    configure(
        dht_bootstrap_nodes=running_swarm.bootstrap,
        dht_listen_interfaces=(f"{NETWORK}.200.1:0",),
        allow_private_networks=True,
        dht_timeout_s=3,
        magnet_metadata_timeout_s=3,
        db_path=tmp_path / "ghost.db",
    )
    return running_swarm


@pytest.fixture
def no_dht(configure, tmp_path):
    """A libtorrent session that finds no DHT node."""
    engine_session.close()
    configure(
        dht_bootstrap_nodes=("127.0.0.1:1",),
        dht_listen_interfaces=("127.0.0.1:0",),
        dht_timeout_s=0.5,
        magnet_metadata_timeout_s=0.5,
        db_path=tmp_path / "ghost.db",
    )
    yield
    engine_session.close()
