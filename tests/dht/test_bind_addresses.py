"""Which of this machine's addresses others are asked from."""

from __future__ import annotations

import socket

import pytest

from dht import bind_addresses


@pytest.mark.parametrize(
    ("interfaces", "found", "specific"),
    [
        (("0.0.0.0:6881", "[::]:6881"), {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}, None),
        (("10.8.0.2:6881",), {socket.AF_INET: "10.8.0.2"}, "10.8.0.2"),
        (("[2a00::1]:6881",), {socket.AF_INET6: "2a00::1"}, "2a00::1"),
        (("[::]:1", "10.8.0.2:1"), {socket.AF_INET6: "::", socket.AF_INET: "10.8.0.2"}, "10.8.0.2"),
        (("tun0:6881",), {}, None),
    ],
)
def test_sources_are_the_addresses_that_the_dht_listens_on(configure, interfaces, found, specific):
    own = bind_addresses.by_family(configure(dht_listen_interfaces=interfaces))

    assert (own, bind_addresses.source_address(own)) == (found, specific)
