"""Signs of life beside the DHT's: what a real tracker counts, and a web seed that serves."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dht import bind_addresses
from dht.engine import lookups, web_seeds
from dht.engine.lookups import Sighting
from dht.health import evidence, scanner, verdict
from dht.models import HealthSample
from dht.trackers import client
from resources.models import Resource, findings
from resources.torrents.metadata import File
from tests import make
from tests.stories.network.test_probe_by_trackers import announce_seeder
from tests.swarm import NETWORK
from tests.trackers import KEYS, needs_opentracker

pytestmark = pytest.mark.django_db
SIZE = 5000


@pytest.fixture(autouse=True)
def own_trackers():
    yield
    client.close()


@pytest.fixture
def web_seed():
    """A web server that says how large the file is, and gives any byte of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(200)
            self.send_header("Content-Length", str(SIZE))
            self.end_headers()

        def do_GET(self):
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}")
            self.send_header("Content-Length", "1")
            self.end_headers()
            self.wfile.write(b"x")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/a.iso"
    server.shutdown()
    thread.join()
    server.server_close()


def magnet(v1, *, tr=(), ws=()):
    parts = [f"xt=urn:btih:{v1}", *(f"tr={url}" for url in tr), *(f"ws={url}" for url in ws)]
    return "magnet:?" + "&".join(parts)


def samples():
    fields = ("resource_id", "method", "status", "num_peers", "num_seeds")
    return set(HealthSample.objects.values_list(*fields))


@needs_opentracker
@pytest.mark.parametrize("protocol", ["udp", "http"])
def test_what_a_tracker_counts_is_a_sign_of_life(swarm, opentracker, protocol):
    url = getattr(opentracker, protocol)
    seeded, dead = KEYS[1280], KEYS[1281]
    announce_seeder(opentracker.udp, seeded, (f"{NETWORK}.240.1", 7000))
    live = make.resource(magnet_uri=magnet(seeded, tr=[url]), is_probed=False)
    gone = make.resource(magnet_uri=magnet(dead, tr=[url]), is_probed=False)

    done = scanner.scan(None, timeout_s=15)

    unheard = 0 if protocol == "udp" else None  # over HTTP it leaves out who has nobody
    assert samples() == {
        (live.pk, "tracker", "Active", 1, 1),
        (gone.pk, "dht", "Unknown", 0, unheard),
    }
    assert (done.active, done.unknown) == (1, 1)


@needs_opentracker
def test_the_dht_and_a_tracker_together_tell_peers_and_seeds(swarm, opentracker):
    seed = next(s for s in swarm.seeds if s.v1)
    opentracker.allow([seed.v1])
    for number in range(3):
        announce_seeder(opentracker.udp, seed.v1, (f"{NETWORK}.24{number}.1", 7000 + number))
    uri = magnet(seed.v1, tr=[opentracker.udp])
    row = make.resource(magnet_uri=uri, is_probed=False)

    scanner.scan(None)

    assert samples() == {(row.pk, "dht", "Active", 3, 3)}


def test_a_tracker_that_does_not_answer_changes_nothing(swarm, configure):
    row = make.resource(magnet_uri=magnet("ab" * 20, tr=["udp://127.0.0.1:1"]), is_probed=False)

    scanner.scan(None, timeout_s=1)

    assert samples() == {(row.pk, "dht", "Unknown", 0, None)}


def test_a_trackers_word_is_an_answer_even_if_the_dht_is_silent(swarm, opentracker, monkeypatch):
    silent = Sighting(0, 0, is_seen=False, is_answered=False)
    monkeypatch.setattr(
        lookups.Lookups, "answers", lambda self, _: [(key, silent) for key in drain(self)]
    )
    row = make.resource(magnet_uri=magnet(KEYS[1282], tr=[opentracker.udp]))

    scanner.scan(None)

    row.refresh_from_db()
    assert (row.dht_status, row.dht_misses) == ("Active", 1)


def drain(asked):
    keys = [key for key, _ in asked._waiting] + list(asked._running)
    asked._waiting.clear()
    asked._running.clear()
    asked._recent.clear()
    return keys


def test_a_web_seed_that_serves_is_a_sign_of_life_for_who_has_the_metadata(swarm, web_seed):
    known = make.resource(magnet_uri=magnet("ab" * 20, ws=[web_seed]))
    unknown = make.resource(magnet_uri=magnet("cd" * 20, ws=[web_seed]), is_probed=False)
    findings.record_metadata(
        known, make.torrent_metadata(known.magnet_hash, files=(File("a.iso", SIZE),), name="a.iso")
    )

    scanner.scan(None)

    assert samples() == {
        (known.pk, "web-seed", "Active", 0, None),
        (unknown.pk, "dht", "Unknown", 0, None),
    }


def test_a_web_seed_is_asked_only_if_nobody_else_was_found(swarm, monkeypatch):
    asked = []
    monkeypatch.setattr(web_seeds.Checks, "add", lambda *args: asked.append(args))
    seed = next(s for s in swarm.seeds if s.v1)
    uri = magnet(seed.v1, ws=["http://127.0.0.1:1/a.iso"])
    make.resource(magnet_uri=uri)

    scanner.scan(None)

    assert asked == []


def test_a_web_seed_that_never_comes_back_holds_nothing_up(swarm, monkeypatch):
    monkeypatch.setattr(evidence, "LATE_SERVERS", 0)
    monkeypatch.setattr(web_seeds.Checks, "add", lambda *_: None)
    row = make.resource(magnet_uri=magnet("ab" * 20, ws=["http://127.0.0.1:1/a.iso"]))

    done = scanner.scan(None)

    row.refresh_from_db()
    assert (done.state, samples()) == ("done", {(row.pk, "dht", "Active", 0, None)})
    assert row.dht_misses == 1


def test_a_web_seed_out_of_order_puts_off_stale_but_not_for_ever(swarm, monkeypatch, configure):
    configure(dht_stale_after=1)
    monkeypatch.setattr(evidence, "LATE_SERVERS", 0)
    monkeypatch.setattr(web_seeds.Checks, "add", lambda *_: None)
    make.resource(magnet_uri=magnet("ab" * 20, ws=["http://127.0.0.1:1/a.iso"]))

    seen = [scanner.scan(None).stale for _ in range(verdict.WEB_SEED_PATIENCE + 1)]

    assert seen == [0] * verdict.WEB_SEED_PATIENCE + [1]


def test_web_seeds_are_not_asked_on_when_the_scan_is_over(swarm, monkeypatch):
    monkeypatch.setattr(evidence, "LATE_SERVERS", 0)
    closed = []
    monkeypatch.setattr(web_seeds.Checks, "add", lambda *_: None)
    monkeypatch.setattr(web_seeds.Checks, "abandon", lambda self: closed.append(self))
    make.resource(magnet_uri=magnet("ab" * 20, ws=["http://127.0.0.1:1/a.iso"]))

    scanner.scan(None)

    assert len(closed) == 1


def test_from_a_device_by_name_no_web_seed_is_asked(swarm, configure, web_seed, monkeypatch):
    """Its address isn't known, so the question might leave a VPN."""
    monkeypatch.setattr(bind_addresses, "by_family", lambda _env: {})
    asked = []
    monkeypatch.setattr(web_seeds.Checks, "add", lambda *args: asked.append(args))
    make.resource(magnet_uri=magnet("ab" * 20, ws=[web_seed]))

    scanner.scan(None)

    assert asked == []


def test_a_tracker_that_never_ends_holds_nothing_up(swarm, monkeypatch):
    monkeypatch.setattr(evidence, "GRACE_S", -3)
    monkeypatch.setattr(client.Trackers, "scrape_for", lambda *_: 1)
    make.resource(magnet_uri=magnet("ab" * 20, tr=["udp://127.0.0.1:1"]))

    assert scanner.scan(None).checked == 1


def test_all_keys_of_a_hybrid_are_asked_for(swarm):
    v2 = hashlib.sha256(b"nobody has it").hexdigest()
    seed = next(s for s in swarm.seeds if s.v1 and not s.v2)
    uri = f"magnet:?xt=urn:btih:{seed.v1}&xt=urn:btmh:1220{v2}"
    make.resource(magnet_uri=uri, is_probed=False)

    scanner.scan(None)

    assert list(Resource.objects.values_list("dht_status", flat=True)) == ["Active"]
