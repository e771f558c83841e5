"""Whose network an address or a host lies in."""

import pytest

from ghost.core.io import ip_ranges


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("::127.0.0.1", False),
        ("2001:db8::1", False),
        ("192.0.2.1", False),
        ("172.32.0.1", True),
        ("223.255.255.255", True),
    ],
)
def test_is_public_knows_private_networks(address, expected):
    assert ip_ranges.is_public(address) is expected


LOCAL = [
    "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1.",
    "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "fe80::1%25eth0", "fe80::1%eth0", "::",
    "10.1.2.3", "192.168.1", "169.254.169.254", "0", "0.0.0.0", "255.255.255.255",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "x.internal",
    "router", "router.", "nas.home.arpa",
]  # fmt: skip
NO_HOSTS = [
    "",
    ".",
    "..",
    "a..b",
    "%31%32%37.0.0.1",
    "1.2.3.4.5",
    "127.0.0.1 x",
    "a b.c",
    "[::1]",
    "1:2",
]


@pytest.mark.parametrize("host", LOCAL + NO_HOSTS)
def test_host_of_somebodys_own_network_is_not_public(host):
    assert ip_ranges.is_public_host(host) is False


@pytest.mark.parametrize(
    "host",
    ["example.org", "EXAMPLE.org.", "t_1.example.co.uk", "xn--fiqs8s.xn--p1ai", "1.1.1.1",
     "16843009", "2606:4700::1111", "tracker.onion", "localhost.example", "1337.example"],
)  # fmt: skip
def test_host_of_the_internet_is_public(host):
    assert ip_ranges.is_public_host(host) is True


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("tun0", False),
        ("", False),
    ],
)
def test_a_host_on_loopback_is_told_by_its_address_or_as_localhost(host, expected):
    assert ip_ranges.is_loopback(host) is expected
