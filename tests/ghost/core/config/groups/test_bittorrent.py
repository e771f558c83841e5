"""Where libtorrent listens and enters the DHT."""

import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GHOST_DHT_BOOTSTRAP_NODES", "nowhere"),
        ("GHOST_DHT_BOOTSTRAP_NODES", "host.example:x"),
        ("GHOST_DHT_LISTEN_INTERFACES", "0.0.0.0:65536"),
        ("GHOST_DHT_LISTEN_INTERFACES", ":6881"),
    ],
)
def test_endpoints_have_a_host_and_a_port(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [name]
