"""libtorrent's settings, as they follow from the configuration."""

from __future__ import annotations

from dht.engine import session_settings


def test_settings_for_the_open_network_keep_the_guards_up(configure):
    env = configure(dht_listen_interfaces=("0.0.0.0:6881", "[::]:6881"))

    found = session_settings.session_settings(env)

    assert found["listen_interfaces"] == "0.0.0.0:6881,[::]:6881"
    assert {name for name in found if name.startswith("dht_restrict")} == set()
    assert "outgoing_interfaces" not in found


def test_settings_on_loopback_stay_there(configure):
    env = configure(dht_listen_interfaces=("127.0.0.1:0", "127.0.0.2:0"))

    assert session_settings.session_settings(env)["outgoing_interfaces"] == "127.0.0.1,127.0.0.2"


def test_only_bootstrap_nodes_given_by_address_are_added(configure):
    env = configure(dht_bootstrap_nodes=("router.example:6881", "127.0.0.9:7", "[::1]:8"))

    assert list(session_settings.bootstrap_endpoints(env)) == [("127.0.0.9", 7), ("::1", 8)]
