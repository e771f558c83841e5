"""What an installation is told at start."""

import ipaddress

import pytest

from ghost.operations import checks


@pytest.mark.parametrize(
    ("behind_tls", "proxies", "is_told"),
    [(True, (), True), (True, ("127.0.0.1",), False), (False, (), False)],
)
def test_a_proxy_that_nobody_trusts_is_told(configure, behind_tls, proxies, is_told):
    configure(behind_tls=behind_tls, trusted_proxies=tuple(map(ipaddress.ip_network, proxies)))

    assert ("ghost.E008" in [each.id for each in checks.installation()]) is is_told
