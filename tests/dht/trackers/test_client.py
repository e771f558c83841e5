"""The entry point to trackers: who is there, and that we are nowhere afterwards."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest

from dht.trackers import announces
from dht.trackers import client as tracker_client
from dht.trackers import http as http_trackers
from dht.trackers.client import PeersOfTracker, Scraped, TrackerFailed
from ghost.demo import seeds
from tests.dht.trackers.test_http import announced as http_announced
from tests.dht.trackers.test_udp import announced, answering
from tests.presence import present
from tests.trackers import (
    KEYS,
    UdpServer,
    await_events,
    await_unlisted,
    connected,
    counts,
    needs_opentracker,
    running_opentracker,
)  # fmt: skip

ROOT = Path(__file__).resolve().parents[3]
KEY = KEYS[0]
fork = multiprocessing.get_context("fork")
both_protocols = pytest.mark.parametrize("protocol", ["udp", "http"])


@pytest.fixture
def seeder(tmp_path, opentracker):
    """A libtorrent client that has a torrent and announces it: the torrent's key, its endpoint."""
    seed = seeds.make(tmp_path, tmp_path.name, {"": b"content"}, seeds.Version.V1)
    opentracker.allow([seed.v1])
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False,
            "enable_upnp": False, "enable_natpmp": False, "ssrf_mitigation": False,
        }
    )  # fmt: skip
    params = lt.load_torrent_buffer(seed.body)
    params.save_path = str(tmp_path)
    params.trackers = [opentracker.udp]
    session.add_torrent(params)
    until = time.monotonic() + 5
    while counts(opentracker.udp, [present(seed.v1)]) != {seed.v1: (1, 0)}:
        assert time.monotonic() < until, "the seeder did not announce"
        time.sleep(0.05)
    return seed.v1, ("127.0.0.1", session.listen_port()), session


@needs_opentracker
@both_protocols
def test_a_seeder_is_found_and_nobody_was_there(asking, opentracker, seeder, protocol):
    key, endpoint, _ = seeder
    url = getattr(opentracker, protocol)
    asking.find_peers(key, [url], 6999, 3)

    (event,) = await_events(asking)
    await_unlisted(asking)

    assert isinstance(event, PeersOfTracker)
    assert (event.key, event.url, endpoint in event.peers) == (key, url, True)
    assert counts(opentracker.udp, [key]) == {key: (1, 0)}


@needs_opentracker
@both_protocols
def test_after_many_questions_we_are_in_no_list(asking, opentracker, protocol):
    for key in KEYS[:200]:
        asking.find_peers(key, [getattr(opentracker, protocol)], 6999, 10)

    events = await_events(asking, 10)
    await_unlisted(asking)

    assert [e.peers for e in events if isinstance(e, PeersOfTracker)] == [()] * 200
    assert len(events) == 200
    assert counts(opentracker.udp, KEYS[:200]) == dict.fromkeys(KEYS[:200], (0, 0))


@needs_opentracker
@both_protocols
@pytest.mark.parametrize("after_s", [0, 0.001, 0.003, 0.01])
def test_closing_right_away_leaves_no_list(asking, opentracker, monkeypatch, protocol, after_s):
    monkeypatch.setattr(tracker_client, "CLOSE_WITHIN_S", 3)
    for key in KEYS[:40]:
        asking.find_peers(key, [getattr(opentracker, protocol)], 6999, 10)
    time.sleep(after_s)

    tracker_client.close()

    assert asking.num_listed == 0
    assert counts(opentracker.udp, KEYS[:40]) == dict.fromkeys(KEYS[:40], (0, 0))


def close_while_started_waits(asking, serve, silence_s):
    """In which order requests were dealt with until the end of close(), and how long that took."""
    dealt_with, is_over = [], threading.Event()

    def reply(path):
        if "started" in path:
            is_over.wait(silence_s)
        dealt_with.append("started" if "started" in path else "stopped")
        return http_announced()

    server = serve.http(reply)
    asking.find_peers(KEY, [server.url], 6999, 10)
    while not server.heard:
        time.sleep(0.01)
    began = time.monotonic()
    tracker_client.close()
    order, took_s = list(dealt_with), time.monotonic() - began
    is_over.set()
    return order, took_s


def test_closing_says_stopped_behind_a_started_under_way(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_client, "CLOSE_WITHIN_S", 2)

    order, _ = close_while_started_waits(asking, serve, silence_s=0.3)

    assert order == ["started", "stopped"]


def test_closing_does_not_wait_long_for_who_never_answers(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_client, "CLOSE_WITHIN_S", 2)
    monkeypatch.setattr(http_trackers.HttpTracker, "grace_s", 0.3)

    order, took_s = close_while_started_waits(asking, serve, silence_s=30)

    assert (order, took_s < 1) == (["stopped"], True)


ENDING = """
import sys, time, django
django.setup()
from dht.trackers import client as trackers
from django.conf import settings
settings.GHOST = settings.GHOST.model_copy(update={"allow_private_networks": True})
for key in sys.argv[2:]:
    trackers.trackers().find_peers(key, [sys.argv[1]], 6999, 10)
while not trackers.trackers().num_listed:
    time.sleep(0.0005)
"""


@needs_opentracker
@both_protocols
def test_a_process_that_ends_leaves_every_list(asking, opentracker, protocol):
    done = subprocess.run(
        [sys.executable, "-c", ENDING, getattr(opentracker, protocol), *KEYS[:30]],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}, cwd=ROOT, check=False,
        capture_output=True, timeout=120,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, b"")
    assert counts(opentracker.udp, KEYS[:30]) == dict.fromkeys(KEYS[:30], (0, 0))


def find_in_child(url, keys):
    for key in keys:
        tracker_client.trackers().find_peers(key, [url], 6999, 10)
    while not tracker_client.trackers().num_listed:
        time.sleep(0.0005)


# Python warns that forking with threads may deadlock; that a child copes is what is tested.
@needs_opentracker
@both_protocols
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_has_its_own_and_leaves_every_list(asking, opentracker, protocol):
    url = getattr(opentracker, protocol)
    child = fork.Process(target=find_in_child, args=(url, KEYS[:30]))
    child.start()
    child.join(20)

    asking.find_peers(KEY, [url], 6999, 3)

    assert child.exitcode == 0
    assert (await_events(asking), tracker_client.trackers() is asking) == (
        [PeersOfTracker(KEY, url, ())],
        True,
    )
    await_unlisted(asking)
    assert counts(opentracker.udp, KEYS[:30]) == dict.fromkeys(KEYS[:30], (0, 0))


def test_what_is_forgotten_is_not_told_and_left_all_the_same(asking, serve):
    server = serve.udp(answering(lambda body: time.sleep(0.1) or announced(body)))
    asking.find_peers(KEY, [server.url], 6999, 3)
    while not asking.num_listed:
        time.sleep(0.001)

    asking.forget(KEY)
    await_unlisted(asking)

    assert (await_events(asking), server.actions()) == ([], [0, 1, 1])


def test_what_is_forgotten_before_its_turn_is_not_asked(asking, serve):
    server = serve.udp(lambda body: time.sleep(0.1) or connected(body))
    for key in KEYS[:60]:
        asking.find_peers(key, [server.url], 6999, 0.3)

    for key in KEYS[:60]:
        asking.forget(key)

    assert (await_events(asking), asking.num_listed) == ([], 0)
    assert set(server.actions()) <= {0}


def test_a_key_can_be_asked_for_again_at_once(asking, serve):
    server = serve.udp(answering(announced))
    for _ in range(2):
        asking.find_peers(KEY, [server.url], 6999, 3)
        await_events(asking)
        await_unlisted(asking)

    assert server.actions() == [0, 1, 1, 1, 1]


def test_a_tracker_that_is_named_twice_is_asked_once(asking, serve):
    server = serve.udp(answering(announced))
    asking.find_peers(KEY, [server.url, f"{server.url}/announce", server.url], 6999, 3)

    events = await_events(asking)
    await_unlisted(asking)

    assert events == [PeersOfTracker(KEY, server.url, ())]
    assert server.actions() == [0, 1, 1]


def test_a_tracker_is_not_asked_the_same_twice_at_a_time(asking, serve):
    server = serve.udp(answering(lambda body: time.sleep(0.1) or announced(body)))
    for _ in range(2):
        asking.find_peers(KEY, [server.url], 6999, 3)

    events = await_events(asking)
    await_unlisted(asking)

    reason = "It is being asked about this already, or told that we left."
    assert events == [
        TrackerFailed(server.url, reason, KEY),
        PeersOfTracker(KEY, server.url, ()),
    ]
    assert server.actions() == [0, 1, 1]


@pytest.mark.parametrize("url", ["wss://127.0.0.1/announce", "ws://127.0.0.1/", "dht://1"])
def test_other_protocols_are_ignored(asking, url):
    asking.find_peers(KEY, [url], 6999, 1)
    asking.scrape({url: [KEY]}, 1)

    assert (asking.num_pending, asking.events()) == (0, [])


def test_one_tracker_does_not_hold_up_another(asking, serve):
    silent = serve.udp(lambda body: None)
    good = serve.udp(answering(announced))
    began = time.monotonic()
    asking.find_peers(KEY, [silent.url, good.url], 6999, 1)
    events: list[Any] = []

    while not events:
        events = asking.events()
        time.sleep(0.002)

    assert (events, time.monotonic() - began < 0.3) == ([PeersOfTracker(KEY, good.url, ())], True)


def test_more_than_can_be_asked_is_refused(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_client, "MAX_PENDING", 2)
    server = serve.udp(lambda body: None)
    for key in KEYS[:3]:
        asking.find_peers(key, [server.url], 6999, 0.2)

    assert asking.events() == [
        TrackerFailed(server.url, "Too many trackers are being asked.", KEYS[2])
    ]


def test_a_mistake_of_ours_keeps_no_list_and_the_thread_goes_on(asking, serve, monkeypatch, caplog):
    server = serve.udp(answering(announced))
    with monkeypatch.context() as patch:
        patch.setattr(announces, "compact_peers", lambda *_, **__: 1 / 0)
        asking.find_peers(KEY, [server.url], 6999, 3)
        first = await_events(asking)
        await_unlisted(asking)

    asking.find_peers(KEY, [server.url], 6999, 3)

    assert (first, await_events(asking)) == ([], [PeersOfTracker(KEY, server.url, ())])
    assert caplog.messages == ["A tracker's answer could not be dealt with."]


@both_protocols
def test_trackers_are_asked_from_where_the_dht_listens(configure, serve, protocol):
    tracker_client.close()
    configure(
        dht_listen_interfaces=("eth7:6881", "127.0.0.9:6881", "127.0.0.8:1"),
        allow_private_networks=True,
    )
    asked_from = []

    def reply(path):
        return http_announced()

    def announce(body):
        asked_from.append(udp.sender[0])
        return announced(body)

    udp: UdpServer = serve.udp(answering(announce))
    http = serve.http(reply)
    http._server.verify_request = lambda request, sender: asked_from.append(sender[0]) or True
    tracker_client.trackers().find_peers(KEY, [udp.url if protocol == "udp" else http.url], 6999, 3)

    await_events(tracker_client.trackers())

    tracker_client.close()
    assert set(asked_from) == {"127.0.0.9"}


@both_protocols
def test_without_an_address_to_ask_from_nobody_is_asked(configure, serve, protocol):
    tracker_client.close()
    configure(dht_listen_interfaces=("tun0:6881",), allow_private_networks=True)
    url = f"{protocol}://127.0.0.1:9/announce"
    tracker_client.trackers().find_peers(KEY, [url], 6999, 3)

    events = await_events(tracker_client.trackers())

    tracker_client.close()
    reason = "The tracker can't be asked from the addresses in GHOST_DHT_LISTEN_INTERFACES."
    assert events == [TrackerFailed(url, reason, KEY)]


def test_a_blocking_scrape_leaves_other_answers_where_they_belong(asking, serve):
    server = serve.udp(answering(announced))
    asking.find_peers(KEY, [server.url], 6999, 3)
    dead = "http://127.0.0.1:1/announce"

    told = list(tracker_client.scrape({dead: [KEY], "wss://x/": [KEY], server.url: []}, 2))

    assert told == [TrackerFailed(dead, "It can't be fetched: Connection refused.")]
    assert await_events(asking) == [PeersOfTracker(KEY, server.url, ())]


@needs_opentracker
def test_two_trackers_are_scraped_at_once(asking, opentracker, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    with running_opentracker(folder, KEYS[:10]) as other:
        wanted = {opentracker.udp: KEYS[:80], other.udp: KEYS[:10]}

        told = list(tracker_client.scrape(wanted, 3))

    scraped = [each for each in told if isinstance(each, Scraped)]
    assert len(scraped) == len(told)
    assert {url: sum(len(e.swarms) for e in scraped if e.url == url) for url in wanted} == {
        opentracker.udp: 80,
        other.udp: 10,
    }
