"""Trackers over HTTP: the real one, and hostile ones of the test's own."""

from __future__ import annotations

import socket
import struct
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from dht.trackers import http as http_trackers
from dht.trackers import queries as tracker_queries
from dht.trackers.announces import Swarm
from dht.trackers.client import PeersOfTracker, Scraped, TrackerFailed
from dht.trackers.http import scrape_url
from ghost.core.errors import RefusedError
from ghost.core.io import fetch
from tests.resources.torrents.test_bencode import encode
from tests.trackers import KEYS, await_events, await_unlisted, counts, needs_opentracker

KEY = KEYS[0]


def announced(*named, **more):
    peers = b"".join(socket.inet_aton(ip) + struct.pack(">H", port) for ip, port in named)
    answer = {b"interval": 60, b"complete": 3, b"incomplete": 3, b"peers": peers}
    return encode(answer | {name.encode(): value for name, value in more.items()})


def find(asking, url, timeout_s=2.0):
    asking.find_peers(KEY, [url], 6881, timeout_s)
    return await_events(asking)


def failed(url, reason):
    return [TrackerFailed(url, reason, KEY)]


def queries(server):
    return [dict(parse_qsl(urlsplit(path).query, encoding="latin-1")) for path in server.heard]


@needs_opentracker
def test_peers_are_found_and_left(asking, opentracker):
    (event,) = find(asking, opentracker.http)
    await_unlisted(asking)

    assert event == PeersOfTracker(KEY, opentracker.http, ())
    assert counts(opentracker.udp, [KEY]) == {KEY: (0, 0)}


def test_we_announce_as_a_leecher_and_stop_as_the_same(asking, serve):
    server = serve.http(lambda path: announced())

    find(asking, f"{server.url}?passkey=a%20b#part")
    await_unlisted(asking)

    started, stopped = queries(server)
    assert started | {"peer_id": "", "key": ""} == {
        "passkey": "a b", "info_hash": bytes.fromhex(KEY).decode("latin-1"), "peer_id": "",
        "port": "6881", "uploaded": "0", "downloaded": "0", "left": "1", "compact": "1",
        "event": "started", "numwant": "80", "key": "",
    }  # fmt: skip
    assert stopped == started | {"event": "stopped", "numwant": "0"}


def test_a_tracker_id_is_given_back(asking, serve):
    server = serve.http(lambda path: announced(**{"tracker id": b"a&b"}))

    find(asking, server.url)
    await_unlisted(asking)

    assert [query.get("trackerid") for query in queries(server)] == [None, "a&b"]


def test_compact_peers_of_both_families_are_read(asking, serve):
    v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + b"\0\x51"
    server = serve.http(lambda path: announced(("127.0.0.5", 80), ("127.0.0.5", 0), peers6=v6))

    assert find(asking, server.url) == [
        PeersOfTracker(KEY, server.url, (("127.0.0.5", 80), ("2001:db8::1", 81)))
    ]


def test_listed_peers_are_read_as_far_as_they_make_sense(asking, serve):
    listed = [
        {b"ip": b"127.0.0.5", b"port": 80, b"peer id": b"x" * 20},
        {b"ip": b"::5", b"port": 81},
        {b"ip": b"peer.example", b"port": 80},
        {b"ip": b"127.0.0.6", b"port": 70000},
        {b"ip": b"127.0.0.6", b"port": -1},
        {b"ip": b"127.0.0.6", b"port": b"80"},
        {b"ip": b"127.0.0.6\0", b"port": 80},
        {b"ip": 5, b"port": 80},
        {b"port": 80},
        [b"127.0.0.6", 80],
        7,
    ]
    server = serve.http(lambda path: announced(peers=listed))

    assert find(asking, server.url) == [
        PeersOfTracker(KEY, server.url, (("127.0.0.5", 80), ("::5", 81)))
    ]


def test_private_peers_are_dropped_on_the_open_network(asking_public, serve, monkeypatch):
    """The tracker itself passes for public here."""
    monkeypatch.setattr(fetch, "is_public", lambda address: True)
    v6 = b"".join(
        socket.inet_pton(socket.AF_INET6, ip) + b"\0\x51"
        for ip in ("::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2a00:1450::1")
    )
    listed = [{b"ip": ip, b"port": 80} for ip in (b"127.0.0.5", b"10.0.0.1", b"8.8.8.8", b"::1")]
    server = serve.http(lambda path: announced(peers=listed, peers6=v6))

    assert find(asking_public, server.url) == [
        PeersOfTracker(KEY, server.url, (("8.8.8.8", 80), ("2a00:1450::1", 81)))
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "The answer is not bencoded (byte 0)."),
        (b"<html>", "The answer is not bencoded (byte 0)."),
        (b"l" * 60_000, "The answer is nested too deeply."),
        (b"d0:" * 10_000, "The answer is nested too deeply."),
        (b"le", "The tracker's answer is no dictionary."),
        (announced(peers=5), "The tracker's list of peers is neither compact nor a list."),
        (announced(peers=b"12345"), "The tracker's list of peers is cut off."),
        (announced(peers6=b"12345"), "The tracker's list of peers is cut off."),
        (b"66000:" + b"x" * 66_000, "It is larger than 65,536 bytes."),
        ((404, ""), "The server answered 404."),
        ((302, "http://127.0.0.1:1/"), "It can't be fetched: Connection refused."),
        (encode({b"failure reason": b"not\nregistered"}), "The tracker says: not registered"),
        (encode({b"failure reason": 5}), "The tracker says: no"),
    ],
    ids=[
        "empty", "HTML", "lists", "dictionaries", "list", "number", "cut off", "cut off v6",
        "huge", "missing", "led astray", "refusal", "odd refusal",
    ],
)  # fmt: skip
def test_a_hostile_answer_becomes_a_reason(asking, serve, answer, reason):
    server = serve.http(lambda path: answer)

    assert find(asking, server.url) == failed(server.url, reason)


def test_who_was_refused_does_not_have_to_leave(asking, serve):
    server = serve.http(lambda path: encode({b"failure reason": b"no"}))

    find(asking, server.url)
    await_unlisted(asking)

    assert len(server.heard) == 1


def test_who_answers_nonsense_is_told_stopped_all_the_same(asking, serve):
    server = serve.http(lambda path: b"nonsense")

    find(asking, server.url)
    await_unlisted(asking)

    assert [query["event"] for query in queries(server)] == ["started", "stopped", "stopped"]


def test_a_tracker_that_never_answers_ends_with_the_callers_time(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_queries, "STOP_UNHEARD_WITHIN_S", 0.1)
    server = serve.http(lambda path: time.sleep(1) or b"")

    (event,) = find(asking, server.url, 0.3)

    assert event.reason.startswith("No whole answer within 0.")


def test_a_silent_name_server_ends_with_the_callers_time(asking, monkeypatch):
    monkeypatch.setattr(tracker_queries, "STOP_UNHEARD_WITHIN_S", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2))

    events = find(asking, "http://silent.example/announce", 0.2)

    reason = "The tracker's name is not found in time."
    assert events == failed("http://silent.example/announce", reason)


def test_a_private_address_is_not_asked_on_the_open_network(asking_public, serve):
    server = serve.http(lambda path: announced())

    events = find(asking_public, server.url)

    reason = "It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS)."
    assert (events, server.heard) == (failed(server.url, reason), [])


def test_nobody_is_led_into_a_private_network(asking_public, serve, monkeypatch):
    """The tracker itself passes for public here; where it leads to does not."""
    inside = serve.http(lambda path: announced())
    server = serve.http(lambda path: (302, inside.url.replace("127.0.0.1", "127.0.0.2")))
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")

    events = find(asking_public, server.url)

    reason = "It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS)."
    assert (events, inside.heard) == (failed(server.url, reason), [])


@pytest.mark.parametrize(
    ("announce", "scrape"),
    [
        ("http://a.example/announce", "http://a.example/scrape"),
        ("http://a.example/x/announce.php?k=announce/y", "http://a.example/x/scrape.php?k=announce/y"),
        ("https://a.example/announce%20?k=1", "https://a.example/scrape%20?k=1"),
    ],
)  # fmt: skip
def test_the_place_of_a_scrape_is_derived_from_the_announce(announce, scrape):
    assert scrape_url(announce) == scrape


@pytest.mark.parametrize(
    "url",
    ["http://a.example/", "http://a.example", "http://a.example/a", "http://a.example/announce/x",
     "http://a.example/xannounce"],
)  # fmt: skip
def test_an_announce_without_that_name_has_no_scrape(asking, url):
    asking.scrape({url: [KEY]}, 1)

    reason = "The tracker's address has no place for a scrape (BEP 48)."
    assert await_events(asking) == [TrackerFailed(url, reason)]
    with pytest.raises(RefusedError, match="BEP 48"):
        scrape_url(url)


@needs_opentracker
def test_a_thousand_hashes_are_scraped_as_far_as_the_tracker_knows_them(
    asking, opentracker, swarm_of_two
):
    asking.scrape({opentracker.http: KEYS[:1000]}, 5)

    events = await_events(asking)

    assert [type(event) for event in events] == [Scraped] * 20
    counted = {
        key: swarm
        for event in events
        if isinstance(event, Scraped)
        for key, swarm in event.swarms.items()
    }
    assert counted[swarm_of_two] == (1, 1)


@pytest.fixture
def swarm_of_two(opentracker):
    """A key of which the tracker counts a seed and a leecher."""
    key = KEYS[999]
    for left, port in ((0, 7001), (5, 7002)):
        query = [http_trackers._hash_part(key), f"peer_id={port:020}&port={port}&left={left}"]
        _announce(opentracker, query)
    yield key
    for port in (7001, 7002):
        query = [http_trackers._hash_part(key), f"peer_id={port:020}&port={port}&left=0"]
        _announce(opentracker, [*query, "event=stopped"])


def _announce(opentracker, query):
    host, _, port = urlsplit(opentracker.http).netloc.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"GET /announce?{'&'.join(query)} HTTP/1.0\r\n\r\n".encode())
        assert b"interval" in connection.recv(4096)


def test_scraped_numbers_are_read_strictly(asking, serve):
    files = {
        KEYS[0]: {b"complete": -5, b"incomplete": 10**18, b"downloaded": b"x"},
        KEYS[1]: {b"complete": b"5", b"incomplete": 1},
        KEYS[2]: {b"complete": 5},
        KEYS[3]: [5, 1],
        KEYS[4]: {b"complete": 2, b"incomplete": 1, b"name": b"x"},
        KEYS[9]: {b"complete": 2, b"incomplete": 1},
    }
    body = encode({b"files": {bytes.fromhex(key): value for key, value in files.items()}})
    server = serve.http(lambda path: body)
    asking.scrape({server.url: KEYS[:5]}, 2)

    assert await_events(asking) == [
        Scraped(server.url, {KEYS[0]: Swarm(0, 1_000_000), KEYS[4]: Swarm(2, 1)})
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"de", "The tracker's answer has no counts."),
        (encode({b"files": [1]}), "The tracker's answer has no counts."),
        (encode({b"failure reason": b"full"}), "The tracker says: full"),
        (b"x" * 5000, "It is larger than 4,608 bytes."),
    ],
    ids=["empty", "list", "refusal", "of everything"],
)
def test_a_hostile_scrape_becomes_a_reason(asking, serve, body, reason):
    server = serve.http(lambda path: body)
    asking.scrape({server.url: KEYS[:1]}, 2)

    assert await_events(asking) == [TrackerFailed(server.url, reason)]


def test_one_failure_ends_a_scrape(asking, serve):
    server = serve.http(lambda path: (500, ""))
    asking.scrape({server.url: KEYS[:1000]}, 5)

    events = await_events(asking)

    assert events == [TrackerFailed(server.url, "The server answered 500.")]
    assert len(server.heard) <= http_trackers.HttpTracker.in_flight
