"""GHOST_MAGNET_METADATA_BACKEND=mock: answers made from the hash, and no network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dht.engine import mock, probes, session
from dht.health import scanner
from dht.prober import LibtorrentProber
from ghost.core.config import env
from ghost.core.errors import OutageError
from ghost.operations import checks
from resources.models import ProbeStatus
from resources.torrents import magnets, metadata

HASHES = st.binary(min_size=20, max_size=20).filter(any).map(bytes.hex)


@pytest.fixture
def mocked(configure):
    configure(magnet_metadata_backend="mock")


@given(HASHES, st.sampled_from(["", "..", "../a/b", "A work", "."]))
def test_the_same_hash_gives_the_same_and_sound_metadata(digits, name):
    magnet = magnets.parse(f"magnet:?xt=urn:btih:{digits}&dn={name}")

    first, second = mock.outcome(magnet), mock.outcome(magnet)

    assert first.status == (ProbeStatus.INACTIVE if digits < "1a" else ProbeStatus.OK)
    if (found := first.metadata) and (again := second.metadata):
        assert (found.files, found.name) == (again.files, again.name)
        assert metadata.require_sound(found).total_size_bytes == sum(f.size for f in found.files)
        assert len({file.path for file in found.files}) == found.file_count


def test_probes_never_start_libtorrent(mocked, monkeypatch):
    monkeypatch.setattr(session, "lt", None)
    LibtorrentProber().require()

    (outcome,) = probes.probe([magnets.parse(f"magnet:?xt=urn:btih:{'ab' * 20}")], 5)

    assert outcome.metadata is not None
    assert (outcome.status, outcome.metadata.backend) == (ProbeStatus.OK, "mock")
    with pytest.raises(OutageError, match="the network is not asked"):
        session.session()


def test_scans_say_that_nothing_is_asked(mocked):
    with pytest.raises(OutageError, match="GHOST_MAGNET_METADATA_BACKEND=mock makes up"):
        scanner.require_dht()


def test_it_is_told_at_the_start_and_refused_behind_tls(mocked, monkeypatch):
    assert "ghost.W013" in [message.id for message in checks.installation()]
    monkeypatch.setenv("GHOST_MAGNET_METADATA_BACKEND", "mock")
    monkeypatch.setenv("GHOST_BEHIND_TLS", "1")

    with pytest.raises(env.ConfigError, match="GHOST_MAGNET_METADATA_BACKEND: mock makes up"):
        env.load()
