"""What a peer gives is enough to make a `.torrent` of."""

from __future__ import annotations

import dataclasses
import subprocess
import time

import libtorrent as lt
import pytest

from ghost.demo import seeds
from tests.dht import clients
from tests.dht.peers import leecher, seeder
from tests.presence import present
from tests.swarm import NETWORK


def bare(seed):
    """The .torrent that can be made from what a peer gives: the info section alone."""
    info = bytes(present(lt.load_torrent_buffer(seed.body).ti).info_section())
    return b"d4:info" + info + b"e"


LARGE = {"": {"": b"x" * 100_000}, "folder": {"a.bin": b"a" * 100_000, "b.bin": b"b" * 40_000}}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("version", seeds.Version)
def test_an_info_section_is_enough_for_libtorrent(tmp_path, version, kind):
    """Also without the piece layers of a v2 torrent (BEP 52), which are no part of it."""
    seed = seeds.make(tmp_path, "work", LARGE[kind], version)

    hashes = lt.load_torrent_buffer(bare(seed)).info_hashes

    found = [h.to_bytes().hex() for h in (hashes.v1, hashes.v2)]
    assert found == [seed.v1 or "0" * 40, seed.v2 or "0" * 64]


def test_libtorrent_gets_missing_piece_layers_from_peers(tmp_path):
    seed = seeds.make(tmp_path / "seed", "work", LARGE["folder"], seeds.Version.V2)
    with seeder(f"{NETWORK}.214.1", [seed]) as peer:
        with_bare = dataclasses.replace(seed, body=bare(seed), save_path=tmp_path / "got")
        with leecher(f"{NETWORK}.214.2", with_bare, peer) as handle:
            deadline = time.monotonic() + 60
            while not handle.status().is_seeding and time.monotonic() < deadline:
                time.sleep(0.05)

            is_complete = handle.status().is_seeding

    assert is_complete


@clients.needs_aria2
@clients.needs_transmission_cli
def test_an_info_section_is_enough_for_other_makes(tmp_path):
    """v1 only: Debian 12's Transmission can't read a hybrid, aria2 takes another hash for it."""
    seed = seeds.make(tmp_path, "work", LARGE["folder"], seeds.Version.V1)
    file = tmp_path / "bare.torrent"
    file.write_bytes(bare(seed))

    said = [
        subprocess.run([*command, str(file)], capture_output=True, text=True, check=True).stdout
        for command in (["transmission-show"], ["aria2c", "--no-conf", "-S"])
    ]

    assert [present(seed.v1) in words.lower() for words in said] == [True, True]
