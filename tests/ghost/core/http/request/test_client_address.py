"""Which address a request is taken to come from."""

import ipaddress

import pytest
from django.test import RequestFactory

from ghost.core.http.request.client_address import (
    HEADER,
    client_address,
    counted_as,
    is_in,
    normalized,
)

PROXY = "192.0.2.1"


@pytest.fixture
def address_of(configure):
    """The address of a request over these hops, from the proxy or from `peer`."""

    def ask(forwarded=None, *, peer=PROXY, trusted=(PROXY, "10.0.0.0/8", "2001:db8::/32")):
        configure(trusted_proxies=tuple(map(ipaddress.ip_network, trusted)))
        headers = {} if forwarded is None else {HEADER: forwarded}
        return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))

    return ask


@pytest.mark.parametrize("peer", ["192.0.2.1", "127.0.0.1", "2001:db8::5"])
def test_without_trusted_proxies_the_header_is_not_read(address_of, configure, peer):
    configure(behind_tls=True)

    assert address_of("203.0.113.9", peer=peer, trusted=()) == peer


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1,203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("192.0.2.1, 203.0.113.9, 10.1.2.3, 2001:db8::7", "203.0.113.9"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3, 10.4.5.6", "10.1.2.3"),
        (None, PROXY),
        ("", PROXY),
        (" , ,", PROXY),
        ("203.0.113.9, ", "203.0.113.9"),
        ("garbage, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:50123", "203.0.113.9"),
        ("[2a00::1]:443", "2a00::1"),
        ("[2a00::1]", "2a00::1"),
        ("2A00:0:0::1", "2a00::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("203.0.113.9, ::ffff:10.1.2.3", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, [2001:db8::7]:443", "203.0.113.9"),
    ],
)
def test_the_rightmost_hop_that_is_no_proxy_of_ours_is_the_caller(address_of, forwarded, address):
    assert address_of(forwarded) == address


@pytest.mark.parametrize(
    "hop",
    ["unknown", "_hidden", "unix:", "203.0.113", "203.0.113.9.1", "1", "[::1", "::1]", "300.1.1.1",
     "203.0.113.9 10.0.0.1", "203.0.113.9:http", "[203.0.113.9", "010.1.2.3", "%eth0", "\x00",
     "é", "٣.1.1.1", "1.2.3.4:٣"],
)  # fmt: skip
def test_a_hop_that_cannot_be_read_makes_the_caller_unknown(address_of, hop):
    assert address_of(f"203.0.113.9, {hop}") == ""
    assert address_of(f"203.0.113.9, {hop}, 10.1.2.3") == ""


def test_a_caller_who_comes_straight_is_not_believed(address_of):
    assert address_of("127.0.0.1", peer="203.0.113.9") == "203.0.113.9"


def test_a_mapped_peer_is_the_proxy_that_it_is(address_of):
    assert address_of("203.0.113.9", peer=f"::ffff:{PROXY}") == "203.0.113.9"


@pytest.mark.parametrize("peer", ["", "unix:"])
def test_a_unix_socket_is_a_proxys_if_there_are_some(address_of, peer):
    assert address_of("203.0.113.9, 10.1.2.3", peer=peer) == "203.0.113.9"
    assert address_of(None, peer=peer) == ""
    assert address_of("203.0.113.9", peer=peer, trusted=()) == ""


def test_several_headers_are_one_list(address_of):
    # As WSGI servers hand them on (RFC 9110 §5.3).
    assert address_of("198.51.100.1,203.0.113.9,10.1.2.3") == "203.0.113.9"


def test_a_header_of_any_length_is_cheap(address_of):
    assert address_of("10.0.0.1," * 100_000 + "203.0.113.9, 10.1.2.3") == "203.0.113.9"


def test_nobody_unknown_is_in_a_network():
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32"))

    found = [a for a in ("", "10.1.2.3", "11.1.2.3", "2001:db8::1", "::1") if is_in(a, networks)]

    assert found == ["10.1.2.3", "2001:db8::1"]


def test_what_has_been_normalized_stays():
    assert normalized(normalized("[2001:DB8::0:1%eth0]:8080")) == "2001:db8::1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [("", ""), ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64")],
)
def test_a_subscriber_is_counted_as_one(address, counted):
    assert counted_as(address) == counted
