"""Trackers over UDP: the real one, and hostile ones of the test's own."""

from __future__ import annotations

import re
import socket
import struct
import time
from typing import Any

import pytest

from dht.trackers import hosts as tracker_hosts
from dht.trackers import queries as tracker_queries
from dht.trackers import udp as udp_trackers
from dht.trackers.announces import NUM_WANT, Swarm
from dht.trackers.client import PeersOfTracker, Scraped, TrackerFailed
from tests.presence import present
from tests.trackers import KEYS, await_events, await_unlisted, connected, needs_opentracker

SILENT_ABOUT_THIS = "The tracker is there, but does not answer this."
KEY = KEYS[0]


def announced(body, peers=b"", leechers=2, seeds=3, number=None):
    asked = struct.unpack_from(">I", body, 12)[0]
    return (
        struct.pack(">IIiii", 1, asked if number is None else number, 60, leechers, seeds) + peers
    )


def answering(reply):
    return lambda body: connected(body) or reply(body)


def require_silence(events, url):
    """On a busy machine the time that it was given is told a tenth longer."""
    [event] = events
    assert (event.url, event.key) == (url, KEY)
    assert re.fullmatch(r"No answer within 0\.[4-9] s\.", event.reason)


def find(asking, url, timeout_s=0.4):
    asking.find_peers(KEY, [url], 6881, timeout_s)
    return await_events(asking)


def failed(url, reason):
    return [TrackerFailed(url, reason, KEY)]


@needs_opentracker
def test_a_thousand_hashes_are_scraped_in_fifteen_questions(asking, opentracker):
    asking.scrape({opentracker.udp: KEYS[200:1200]}, 5)

    events = await_events(asking)

    assert [type(event) for event in events] == [Scraped] * 15
    counted = {
        key: swarm
        for event in events
        if isinstance(event, Scraped)
        for key, swarm in event.swarms.items()
    }
    assert counted == dict.fromkeys(KEYS[200:1200], (0, 0))


@needs_opentracker
def test_a_scrape_in_bulk_takes_less_than_the_goal(asking, opentracker):
    taken_s = []
    for _ in range(5):  # others use this machine too
        began = time.monotonic()
        asking.scrape({opentracker.udp: KEYS[:1000]}, 5)
        await_events(asking)
        taken_s.append(time.monotonic() - began)

    assert min(taken_s) < 0.2


def test_peers_are_read_and_we_leave(asking, serve):
    peers = bytes([127, 0, 0, 5, 0, 80, 127, 0, 0, 6, 0, 0, 127, 0, 0, 5, 0, 80])
    server = serve.udp(answering(lambda body: announced(body, peers)))

    events = find(asking, server.url)
    await_unlisted(asking)

    assert events == [PeersOfTracker(KEY, server.url, (("127.0.0.5", 80),))]
    assert server.actions() == [0, 1, 1]


def test_we_announce_as_a_leecher_and_stop_as_the_same(asking, serve):
    server = serve.udp(answering(announced))

    find(asking, server.url)
    await_unlisted(asking)

    read = [struct.unpack(">20s20sQQQIIIiH", body[16:]) for body in server.heard[1:]]
    (key, ours, down, left, up, event, ip, secret, wanted, port), stopped = read
    assert (key.hex(), down, left, up, event, ip, wanted, port) == (
        KEY, 0, 1, 0, 2, 0, NUM_WANT, 6881,
    )  # fmt: skip
    assert stopped == (key, ours, 0, 1, 0, 3, 0, secret, 0, 6881)


def test_a_connection_is_asked_once_for_many_and_kept(asking, serve):
    server = serve.udp(answering(announced))

    for key in KEYS[:100]:
        asking.find_peers(key, [server.url], 6881, 3)
    events = await_events(asking)

    assert len(events) == 100
    assert server.actions().count(0) == 1


def test_a_connection_is_renewed_after_its_minute(asking, serve, monkeypatch):
    server = serve.udp(answering(announced))
    find(asking, server.url)
    await_unlisted(asking)
    monkeypatch.setattr(udp_trackers, "CONNECTION_S", 0.05)
    time.sleep(0.1)

    find(asking, server.url)

    assert server.actions()[:5] == [0, 1, 1, 0, 1]


def test_a_forgotten_connection_is_asked_for_anew(asking, serve):
    ids = iter([1, 2])
    valid: list[Any] = []

    def reply(body):
        if connected(body):
            valid[:] = [next(ids)]
            return connected(body, valid[0])
        if struct.unpack_from(">Q", body)[0] != valid[0]:
            return (
                struct.pack(">II", 3, struct.unpack_from(">I", body, 12)[0])
                + b"Connection ID missmatch."
            )
        return announced(body)

    server = serve.udp(reply)
    find(asking, server.url)
    await_unlisted(asking)
    valid[:] = [99]  # as if it had been started anew

    events = find(asking, server.url, 2)

    assert events == [PeersOfTracker(KEY, server.url, ())]


def test_a_lost_datagram_is_sent_again(asking, serve):
    heard = []
    server = serve.udp(
        answering(lambda body: heard.append(body) or (announced(body) if len(heard) > 1 else None))
    )

    events = find(asking, server.url, 3)

    assert events == [PeersOfTracker(KEY, server.url, ())]
    assert heard[0] == heard[1]


def test_stopped_is_sent_until_it_is_answered(asking, serve):
    def reply(body):
        is_stop = struct.unpack_from(">I", body, 16 + 64)[0] == 3
        stops.append(body) if is_stop else None
        return None if is_stop and len(stops) < 2 else announced(body)

    stops: list[Any] = []
    server = serve.udp(answering(reply))

    find(asking, server.url)
    await_unlisted(asking)

    assert [len(stops), stops[0] == stops[1]] == [2, True]


def test_who_does_not_answer_started_is_told_stopped_all_the_same(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_queries, "STOP_UNHEARD_WITHIN_S", 0.3)
    server = serve.udp(connected)

    events = find(asking, server.url)
    await_unlisted(asking)

    assert events == failed(server.url, SILENT_ABOUT_THIS)
    kinds = [struct.unpack_from(">I", body, 80)[0] for body in server.heard if len(body) > 80]
    assert set(kinds) == {2, 3}


@pytest.mark.parametrize(
    "reply",
    [
        lambda body: None,
        lambda body: b"",
        lambda body: b"\0" * 7,
        lambda body: b"\0" * 2000,
        lambda body: struct.pack(">IIQ", 0, struct.unpack_from(">I", body, 12)[0] ^ 1, 7),
        lambda body: struct.pack(">IIQ", 1, struct.unpack_from(">I", body, 12)[0], 7),
        lambda body: present(connected(body))[:15],
    ],
    ids=["silence", "empty", "short", "zeros", "wrong number", "wrong action", "cut off"],
)
def test_a_wrong_answer_to_connect_is_none(asking, serve, reply):
    server = serve.udp(reply)

    require_silence(find(asking, server.url), server.url)
    assert asking.num_listed == 0


@pytest.mark.parametrize(
    "reply",
    [
        lambda body: announced(body, number=5),
        lambda body: b"\0\0\0\2" + announced(body)[4:],
        lambda body: announced(body)[:19],
    ],
    ids=["wrong number", "wrong action", "cut off"],
)
def test_a_wrong_answer_to_an_announce_is_none(asking, serve, reply):
    server = serve.udp(answering(reply))

    assert find(asking, server.url) == failed(server.url, SILENT_ABOUT_THIS)


def test_an_answer_from_elsewhere_is_none(asking, serve):
    def reply(body):
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.sendto(present(connected(body)), server.sender)

    server = serve.udp(reply)

    require_silence(find(asking, server.url), server.url)


@pytest.mark.parametrize(
    "peers", [b"\0" * 5, b"\1" * 7, b"\1" * 3600], ids=["one cut off", "a byte more", "huge"]
)
def test_a_list_of_peers_that_is_cut_off_is_refused(asking, serve, peers):
    server = serve.udp(answering(lambda body: announced(body, peers + b"\1" * (len(peers) > 100))))

    events = find(asking, server.url)

    assert events == failed(server.url, "The tracker's list of peers is cut off.")


def test_no_more_peers_are_taken_than_are_of_use(asking, serve):
    peers = b"".join(bytes([127, 1, i >> 8, i & 255, 0, 80]) for i in range(600))
    server = serve.udp(answering(lambda body: announced(body, peers)))

    (event,) = find(asking, server.url)

    assert len(event.peers) == 200


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"torrent not registered", "The tracker says: torrent not registered"),
        (b"a\x1b[31m\nb\xff\xe2\x80\xae", "The tracker says: a [31m b�"),
        (b"", "The tracker says: no"),
        (b"x" * 3000, "The tracker says: " + "x" * 200),
    ],
    ids=["plain", "hostile", "empty", "long"],
)
def test_an_error_is_shown_in_its_words(asking, serve, said, shown):
    server = serve.udp(
        answering(lambda body: struct.pack(">II", 3, struct.unpack_from(">I", body, 12)[0]) + said)
    )

    assert find(asking, server.url) == failed(server.url, shown)


def test_an_error_to_connect_is_shown_too(asking, serve):
    server = serve.udp(lambda body: b"\0\0\0\3" + body[12:16] + b"go away")

    assert find(asking, server.url) == failed(server.url, "The tracker says: go away")


def scraped(body, *counts):
    number = struct.unpack_from(">I", body, 12)[0]
    return struct.pack(">II", 2, number) + b"".join(struct.pack(">iii", *c) for c in counts)


def test_scraped_numbers_are_kept_within_reason(asking, serve):
    server = serve.udp(answering(lambda body: scraped(body, (2**31 - 1, -1, -5), (-(2**31), 0, 7))))
    asking.scrape({server.url: KEYS[:2]}, 1)

    events = await_events(asking)

    assert events == [Scraped(server.url, {KEYS[0]: Swarm(1_000_000, 0), KEYS[1]: Swarm(0, 7)})]


def test_a_tracker_that_answers_for_fewer_is_asked_for_the_rest(asking, serve):
    def reply(body):
        keys = [body[at : at + 20].hex() for at in range(16, len(body), 20)]
        return scraped(body, *[(KEYS.index(key), 0, 1) for key in keys[:50]])

    server = serve.udp(answering(reply))
    asking.scrape({server.url: KEYS[:70]}, 1)

    events = await_events(asking)

    assert events == [Scraped(server.url, {KEYS[i]: Swarm(i, 1) for i in range(70)})]


@pytest.mark.parametrize("length", [8, 12, 19])
def test_a_scrape_without_a_count_is_no_answer(asking, serve, length):
    server = serve.udp(answering(lambda body: scraped(body, (1, 1, 1))[:length]))
    asking.scrape({server.url: KEYS[:1]}, 0.4)

    assert await_events(asking) == [TrackerFailed(server.url, SILENT_ABOUT_THIS)]


def test_a_scrape_may_have_more_than_was_asked_for(asking, serve):
    server = serve.udp(answering(lambda body: scraped(body, *[(1, 2, 3)] * 90)))
    asking.scrape({server.url: KEYS[:1]}, 1)

    assert await_events(asking) == [Scraped(server.url, {KEYS[0]: Swarm(1, 3)})]


def test_a_private_address_is_not_asked_on_the_open_network(asking_public, serve):
    server = serve.udp(answering(announced))

    events = find(asking_public, server.url)

    reason = "It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS)."
    assert (events, server.heard) == (failed(server.url, reason), [])


def test_private_peers_are_dropped_on_the_open_network(asking_public, serve, monkeypatch):
    """The tracker itself passes for public here."""
    monkeypatch.setattr(udp_trackers, "is_public", lambda address: True)
    named = ["127.0.0.5", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "8.8.8.8"]
    peers = b"".join(socket.inet_aton(ip) + b"\0\x50" for ip in named)
    server = serve.udp(answering(lambda body: announced(body, peers)))

    events = find(asking_public, server.url)

    assert events == [PeersOfTracker(KEY, server.url, (("8.8.8.8", 80),))]


def test_a_swarm_of_ourselves_alone_is_empty(asking, serve):
    us = socket.inet_aton("127.0.0.1") + struct.pack(">H", 6881)
    server = serve.udp(answering(lambda body: announced(body, us, leechers=1, seeds=0)))

    assert find(asking, server.url) == [PeersOfTracker(KEY, server.url, ())]


def test_a_name_that_nobody_knows_is_said(asking, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert find(asking, "udp://tracker.invalid:80") == failed(
        "udp://tracker.invalid:80", "The tracker's name can't be looked up."
    )


def test_a_family_that_ghost_does_not_listen_on_is_not_used(asking):
    reason = "The tracker can't be asked from the addresses in GHOST_DHT_LISTEN_INTERFACES."

    assert find(asking, "udp://[::1]:80") == failed("udp://[::1]:80", reason)


def test_the_next_address_is_tried_when_the_first_is_silent(asking, serve, monkeypatch):
    server = serve.udp(answering(announced))
    port = server.socket.getsockname()[1]
    found = [(socket.AF_INET, 2, 17, "", (host, port)) for host in ("127.0.0.77", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    assert find(asking, "udp://two.example:80", 2) == [
        PeersOfTracker(KEY, "udp://two.example:80", ())
    ]


def test_a_silent_tracker_that_is_alive_is_not_left_alone(asking, serve, monkeypatch):
    """opentracker says nothing to an announce of a torrent that it is closed to."""
    monkeypatch.setattr(tracker_hosts, "MAX_FAILURES", 1)
    monkeypatch.setattr(tracker_hosts, "FAIR_S", 0.1)
    server = serve.udp(connected)

    first = find(asking, server.url)
    asking.scrape({server.url: KEYS[:1]}, 0.3)
    second = await_events(asking)

    assert [event.reason for event in first + second] == [
        SILENT_ABOUT_THIS,
        "No answer within 0.3 s.",
    ]
