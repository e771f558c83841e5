"""The entry point to libtorrent: one session per process, plain values."""

from __future__ import annotations

import multiprocessing
import socket
import time
from typing import Any

import pytest

from dht.engine import libtorrent_values, lookups, probes
from dht.engine import session as engine_session
from dht.engine.events import LookupLoad, TorrentArrived
from ghost.core.errors import OutageError
from ghost.demo import seeds
from resources.torrents import magnets
from tests import make
from tests.dht.peers import PORT, seeder
from tests.installation import wait_for
from tests.presence import present
from tests.swarm import NETWORK

fork = multiprocessing.get_context("fork")


def test_without_libtorrent_there_is_an_outage(monkeypatch):
    engine_session.close()
    monkeypatch.setattr(engine_session, "lt", None)
    monkeypatch.setattr(engine_session, "_load_error", "no such library")

    with pytest.raises(OutageError) as caught:
        engine_session.session()

    assert str(caught.value) == (
        "libtorrent can't be loaded, so nothing can be probed or checked: no such library."
    )


def test_a_session_stays_the_same_within_a_process(swarm):
    assert engine_session.session() is engine_session.session()


def probe_in_child(uri, answers):
    with_status = [o.status.value for o in probes.probe([magnets.parse(uri)], 5)]
    answers.put(with_status)


def run_in_child(uri):
    answers = fork.Queue()
    child = fork.Process(target=probe_in_child, args=(uri, answers))
    child.start()
    found = answers.get(timeout=20)
    child.join(20)
    return found, child.exitcode


# Python warns that forking with threads may deadlock; that a child copes is what is tested.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_makes_its_own_session(swarm):
    engine_session.close()

    assert run_in_child(swarm.seeds[0].magnet_uri) == (["ok"], 0)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_leaves_the_parents_session_alone(swarm):
    ours = engine_session.session()

    in_child = run_in_child(swarm.seeds[0].magnet_uri)

    here = [o.status for o in probes.probe([magnets.parse(swarm.seeds[1].magnet_uri)], 5)]
    assert (in_child, here, engine_session.session() is ours) == ((["ok"], 0), ["ok"], True)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_saves_the_dht_state_when_it_ends(swarm):
    engine_session.close()
    engine_session.state_path().unlink(missing_ok=True)

    run_in_child(swarm.seeds[0].magnet_uri)

    assert engine_session.state_path().read_bytes().startswith(b"d9:dht state")


def test_saved_nodes_are_enough_to_enter_the_dht(swarm, configure):
    engine_session.session().has_nodes(3)
    engine_session.close()
    configure(dht_bootstrap_nodes=("127.0.0.1:1",))

    is_in = engine_session.session().has_nodes(5)

    engine_session.close()
    assert is_in


@pytest.mark.parametrize("body", [b"", b"d9:dht state", b"garbage", b"d9:dht stated5:nodesi1eee"])
def test_a_damaged_state_does_not_matter(swarm, body):
    engine_session.close()
    engine_session.state_path().parent.mkdir(parents=True, exist_ok=True)
    engine_session.state_path().write_bytes(body)

    assert engine_session.session().has_nodes(3)


def test_a_taken_port_is_followed_by_the_next(swarm, configure):
    engine_session.close()
    host = f"{configure().dht_listen_interfaces[0].rpartition(':')[0]}"
    with socket.socket() as taken:
        taken.bind((host, 0))
        taken.listen()
        port = taken.getsockname()[1]
        configure(dht_listen_interfaces=(f"{host}:{port}",))

        has_nodes = engine_session.session().has_nodes(3)
        listening = engine_session.session().listen_port()

    engine_session.close()
    assert (has_nodes, port < listening <= port + 10) == (True, True)


def test_a_torrent_that_is_dropped_is_gone(swarm):
    session = engine_session.session()
    magnet = magnets.parse(make.magnet())
    session.fetch(magnet, [("127.0.0.1", 1)])

    session.drop(magnet.hash)

    assert session._fetches == {}


def take(session, wanted, within_s):
    """The metadata of these magnet hashes and when each came, in seconds from now."""
    found: dict[Any, Any] = {}
    began = time.monotonic()
    while time.monotonic() - began < within_s and not wanted <= found.keys():
        for event in session.events(0.05):
            if isinstance(event, TorrentArrived):
                found[event.magnet_hash] = (event.torrent, time.monotonic() - began)
    for magnet_hash in wanted:
        session.drop(magnet_hash)
    return found


ONE_TRANSPORT = {
    "tcp": {"enable_incoming_utp": False, "enable_outgoing_utp": False},
    "utp": {"enable_incoming_tcp": False, "enable_outgoing_tcp": False},
}


@pytest.mark.parametrize("transport", ONE_TRANSPORT)
def test_a_peer_of_one_transport_gives_metadata_soon(swarm, tmp_path, transport):
    seed = seeds.make(tmp_path, f"only {transport}", {"": b"some words"}, seeds.Version.V1)
    magnet = magnets.parse(seed.magnet_uri)
    with seeder(f"{NETWORK}.211.1", [seed], **ONE_TRANSPORT[transport]) as peer:
        engine_session.session().fetch(magnet, [peer])

        found = take(engine_session.session(), {magnet.hash}, within_s=5)

    assert found[magnet.hash][1] < 2.5  # 4.4 s with libtorrent's own uTP time-out


def test_a_peer_named_again_is_asked_over_utp_again(swarm, tmp_path):
    seed = seeds.make(tmp_path, "late", {"": b"some words"}, seeds.Version.V1)
    magnet, session = magnets.parse(seed.magnet_uri), engine_session.session()
    session.fetch(magnet, [(f"{NETWORK}.212.1", PORT)])
    time.sleep(2.5)  # uTP has failed, and TCP
    with seeder(f"{NETWORK}.212.1", [seed], **ONE_TRANSPORT["utp"]) as peer:
        session.fetch(magnet, [peer])

        found = take(session, {magnet.hash}, within_s=8)

    assert found.keys() == {magnet.hash}


def halves(seed):
    """Links of a hybrid: its v1 half, its v2 half, and both."""
    v1, v2 = f"magnet:?xt=urn:btih:{seed.v1}", f"magnet:?xt=urn:btmh:1220{seed.v2}"
    return {"v1": v1, "v2": v2, "both": seed.magnet_uri}


@pytest.mark.parametrize("pause_s", [0, 0.5])
@pytest.mark.parametrize(("first", "second"), [("v1", "v2"), ("v2", "v1"), ("v2", "both")])
def test_both_halves_of_a_hybrid_arrive(swarm, first, second, pause_s):
    """libtorrent finds out with the metadata that its two torrents are one, and stops both."""
    seed = next(s for s in swarm.seeds if s.v1 and s.v2)
    session = engine_session.session()
    links = [magnets.parse(halves(seed)[half]) for half in (first, second)]

    session.fetch(links[0], swarm.seeder_endpoints)
    time.sleep(pause_s)
    session.fetch(links[1], swarm.seeder_endpoints)

    found = take(session, {magnet.hash for magnet in links}, within_s=5)
    assert found.keys() == {seed.v1, seed.v2}
    assert {torrent.info in seed.body for torrent, _ in found.values()} == {True}


def is_asked_no_more(handle):
    state = handle.status()
    return state.has_metadata or state.errc.value()


def test_alerts_of_a_removed_torrent_change_nothing(swarm):
    """libtorrent's alerts wait in a row, and may be read when their torrent is gone."""
    seed, session = swarm.seeds[0], engine_session.session()
    magnet = magnets.parse(seed.magnet_uri)
    session.fetch(magnet, swarm.seeder_endpoints)
    handle = session._fetches[magnet.hash].handle
    wait_for("its metadata", lambda: is_asked_no_more(handle))
    session.drop(magnet.hash)
    wait_for("its end", lambda: not handle.is_valid())

    assert session.events(0.05) == []


def test_a_link_that_pairs_two_torrents_does_not_hold_up_the_other(swarm):
    seed = next(s for s in swarm.seeds if s.v2 and not s.v1)
    wrong = magnets.parse(f"{make.magnet()}&xt=urn:btmh:1220{seed.v2}")
    right, session = magnets.parse(seed.magnet_uri), engine_session.session()
    session.fetch(wrong, swarm.seeder_endpoints)

    session.fetch(right, swarm.seeder_endpoints)

    found = take(session, {right.hash}, within_s=5)
    session.drop(wrong.hash)
    assert found.keys() == {right.hash}


def test_lookups_that_wait_for_silent_nodes_are_not_busy(configure, tmp_path):
    """Where the only node is silent, a look-up soon asks nobody, and ends with its time-out."""
    engine_session.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((f"{NETWORK}.213.1", 0))
        configure(
            dht_bootstrap_nodes=(f"{NETWORK}.213.1:{silent.getsockname()[1]}",),
            dht_listen_interfaces=(f"{NETWORK}.200.1:0",),
            allow_private_networks=True,
            db_path=tmp_path / "ghost.db",
        )
        session = engine_session.session()
        deadline = time.monotonic() + 5
        while (early := session.lookup_load()).under_way < 2 and time.monotonic() < deadline:
            session.look_up(make.info_hash())  # lost while the DHT starts
            time.sleep(0.1)
        time.sleep(libtorrent_values.BUSY_WITHIN_S + 0.5)

        late = session.lookup_load()

    engine_session.close()
    assert early.under_way >= 2
    assert (early.busy, late) == (early.under_way, LookupLoad(early.under_way, 0))


CONTENT = ("net.recv_payload_bytes", "net.sent_payload_bytes", "disk.num_blocks_written")


def fetch_all(swarm, stay_s):
    """Take all metadata from the seeders, and stay connected for a while afterwards."""
    session = engine_session.session()
    wanted = [magnets.parse(seed.magnet_uri) for seed in swarm.seeds]
    for magnet in wanted:
        session.fetch(magnet, swarm.seeder_endpoints)
    arrived: set[str] = set()
    leave_at, is_complete = time.monotonic() + 5, False
    while time.monotonic() < leave_at:
        events = session.events(0.1)
        arrived |= {e.magnet_hash for e in events if isinstance(e, TorrentArrived)}
        if len(arrived) == len(wanted) and not is_complete:
            leave_at, is_complete = time.monotonic() + stay_s, True
    for seed in swarm.seeds:
        session.drop(present(seed.v1 or seed.v2))
    return len(arrived)


def test_no_content_is_fetched_and_no_file_written(swarm, settings):
    engine_session.close()

    number = fetch_all(swarm, stay_s=1.5)

    counters = engine_session.session().counters()
    assert (number, [counters[name] for name in CONTENT]) == (12, [0, 0, 0])
    assert not settings.GHOST.magnet_tmp_dir.exists()


def test_probing_and_scanning_move_no_content(swarm, settings):
    engine_session.close()

    outcomes = list(probes.probe([magnets.parse(s.magnet_uri) for s in swarm.seeds], 5))
    seen = dict(lookups.look_up({key for s in swarm.seeds for key in s.dht_keys}, 3))

    counters = engine_session.session().counters()
    assert ({o.status.value for o in outcomes}, all(s.is_seen for s in seen.values())) == (
        {"ok"},
        True,
    )
    assert [counters[name] for name in CONTENT] == [0, 0, 0]
    assert not settings.GHOST.magnet_tmp_dir.exists()


def test_who_takes_metadata_is_not_announced(swarm):
    fetch_all(swarm, stay_s=1.5)

    named = swarm.peers_of(key for seed in swarm.seeds for key in seed.dht_keys)
    assert set().union(*named.values()) <= set(swarm.seeder_endpoints)
