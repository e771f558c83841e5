"""Hosts of trackers: where an address leads, turns at each host, and a rest for those that fail."""

from __future__ import annotations

import time

import pytest

from dht.trackers import hosts as tracker_hosts
from dht.trackers.client import PeersOfTracker, TrackerFailed
from tests.dht.trackers.test_http import announced as http_announced
from tests.dht.trackers.test_udp import announced, answering
from tests.trackers import (
    KEYS,
    await_events,
    await_unlisted,
)  # fmt: skip

KEY = KEYS[0]
both_protocols = pytest.mark.parametrize("protocol", ["udp", "http"])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("udp://127.0.0.1", "The tracker's address names no host and port."),
        ("udp://:80", "The tracker's address names no host and port."),
        ("http:///announce", "The tracker's address names no host and port."),
        ("udp://127.0.0.1:0", "The tracker's address names no host and port."),
        ("udp://127.0.0.1:70000", "The tracker's address is no URL."),
        ("udp://[::1", "The tracker's address is no URL."),
    ],
)
def test_an_address_that_makes_no_sense_is_said(asking, url, reason):
    asking.find_peers(KEY, [url], 6999, 1)
    asking.scrape({url: [KEY]}, 1)

    assert await_events(asking) == [TrackerFailed(url, reason, KEY), TrackerFailed(url, reason)]


@both_protocols
def test_a_tracker_that_keeps_failing_is_left_alone(asking, serve, monkeypatch, protocol):
    monkeypatch.setattr(tracker_hosts, "FAIR_S", 0.05)
    silent = serve.udp(lambda body: None)
    # A refused connection is told at once, however long a busy machine takes to try it.
    url, timeout_s = (silent.url, 0.2) if protocol == "udp" else ("http://127.0.0.1:1/announce", 60)
    reasons = []

    for key in KEYS[:4]:
        asking.find_peers(key, [url], 6999, timeout_s)
        reasons += [e.reason for e in await_events(asking) if isinstance(e, TrackerFailed)]
        await_unlisted(asking)

    why = "No answer within 0.2 s." if protocol == "udp" else (
        "It can't be fetched: Connection refused."
    )  # fmt: skip
    alone = f"It failed 3 times in a row and is left alone for 10 minutes more: {why}"
    assert reasons == [why, why, why, alone]


def test_failures_at_the_same_moment_count_once(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_hosts, "FAIR_S", 0.05)
    server = serve.udp(lambda body: None)
    for key in KEYS[:20]:
        asking.find_peers(key, [server.url], 6999, 0.3)
    await_events(asking)
    server.reply = answering(announced)

    asking.find_peers(KEYS[20], [server.url], 6999, 2)

    assert await_events(asking) == [PeersOfTracker(KEYS[20], server.url, ())]


def test_a_tracker_that_was_left_alone_is_asked_later(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_hosts, "FAIR_S", 0.05)
    monkeypatch.setattr(tracker_hosts, "REST_S", 0.3)
    server = serve.udp(lambda body: None)
    for key in KEYS[:3]:
        asking.find_peers(key, [server.url], 6999, 0.1)
        await_events(asking)
    server.reply = answering(announced)
    time.sleep(0.3)

    asking.find_peers(KEY, [server.url], 6999, 2)

    assert await_events(asking) == [PeersOfTracker(KEY, server.url, ())]


def test_what_waits_too_long_for_its_turn_is_said(asking, serve):
    server = serve.http(lambda path: time.sleep(0.4) or http_announced())
    for key in KEYS[:6]:
        asking.find_peers(key, [server.url], 6999, 0.3)

    reasons = [e.reason for e in await_events(asking) if isinstance(e, TrackerFailed)]

    assert reasons.count("It has too many other questions to answer.") == 4


def test_hosts_that_were_asked_are_forgotten_in_the_end(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_hosts, "MAX_HOSTS", 3)
    for port in range(1, 9):
        asking.find_peers(KEY, [f"http://127.0.0.1:{port}/announce"], 6999, 2)
        await_events(asking)
        await_unlisted(asking)

    assert len(asking._hosts._known) == 3


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("udp://a.example:1337/announce", ("udp", "a.example", 1337, "")),
        ("http://a.example/announce#x", ("http", "a.example", 80, "http://a.example/announce")),
        ("https://a.example/a?k=1", ("https", "a.example", 443, "https://a.example/a?k=1")),
        ("wss://a.example/announce", None),
    ],
)
def test_an_address_has_a_host_and_a_port_and_over_http_the_announce_url(url, address):
    assert tracker_hosts.parse_address(url) == address
