"""What is said to trackers, and what of their answers is used."""

from __future__ import annotations

import socket

import pytest

from dht.trackers import announces
from dht.trackers.announces import Announce, Event, Swarm
from ghost.core.errors import OutageError

KEY = "ab" * 20


def test_each_announce_has_a_peer_id_of_its_own_and_stops_under_the_same():
    first, second = (Announce.started(KEY, 6881) for _ in range(2))

    assert first.peer_id != second.peer_id
    assert first.stopped() == Announce(KEY, 6881, Event.STOPPED, first.peer_id, first.secret)
    assert (first.num_want, first.stopped().num_want) == (announces.NUM_WANT, 0)


def test_where_only_one_is_counted_the_one_at_our_port_is_us():
    announce, peers = Announce.started(KEY, 6881), (("10.0.0.1", 6881), ("10.0.0.2", 7))

    assert announce.others(peers, Swarm(0, 1)) == (("10.0.0.2", 7),)
    assert announce.others(peers, Swarm(1, 1)) == peers


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"torrent not\nregistered", "The tracker says: torrent not registered"),
        (b"", "The tracker says: no"),
        (b"x" * 5000, "The tracker says: " + "x" * announces.MAX_REASON),
    ],
)
def test_a_refusal_is_shown_in_the_trackers_words(said, shown):
    assert str(announces.refusal(said)) == shown


def test_compact_peers_are_each_named_once_and_must_be_whole():
    peer = socket.inet_aton("9.8.7.6") + (6881).to_bytes(2, "big")

    peers = announces.compact_peers(peer * 2, socket.AF_INET, anywhere=False)

    assert peers == (("9.8.7.6", 6881),)
    with pytest.raises(OutageError, match="cut off"):
        announces.compact_peers(peer + b"x", socket.AF_INET, anywhere=False)


@pytest.mark.parametrize(
    ("host", "port", "anywhere", "is_usable"),
    [
        ("9.8.7.6", 1, False, True), ("9.8.7.6", 0, True, False), ("127.0.0.1", 1, False, False),
        ("127.0.0.1", 1, True, True), ("0.0.0.0", 1, True, False), ("224.0.0.1", 1, True, False),
    ],
)  # fmt: skip
def test_only_what_can_be_connected_to_is_used(host, port, anywhere, is_usable):
    peers = announces.usable([(socket.inet_aton(host), port)], anywhere=anywhere)

    assert peers == (((host, port),) if is_usable else ())


def test_claimed_numbers_are_kept_within_reason():
    assert [announces.count(n) for n in (-1, 7, 1 << 40)] == [0, 7, announces.MAX_COUNT]
