"""A real web server behind TLS: whose word it takes for how a request came."""

from __future__ import annotations

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.installation import Installation

PROXY, OTHER = "127.0.0.1", "127.0.0.2"
SECURE = {"X-Forwarded-Proto": "https"}
FORGED = [
    SECURE,
    {"X-Forwarded-Ssl": "on"},
    {"X-Forwarded-Protocol": "ssl"},
    {"Forwarded": "proto=https"},
    {"X-Forwarded-Proto": "https, http"},
]


class From(HTTPAdapter):
    """Connections from an address of one's own."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


def asker(address: str) -> requests.Session:
    session = requests.Session()
    session.mount("http://", From(address))
    return session


@pytest.mark.slow
def test_a_trusted_proxy_alone_says_that_a_request_came_over_tls(tmp_path):
    with Installation(
        tmp_path, GHOST_BEHIND_TLS="1", GHOST_TRUSTED_PROXIES=PROXY, GHOST_DEPLOY_MODE="standard",
        GHOST_HSTS_INCLUDE_SUBDOMAINS="1",
    ) as place:  # fmt: skip
        place.start("web")
        page, api = f"{place.url}/admin/login/", f"{place.url}/api/resources"
        auth = {"Authorization": f"Bearer {place.token('Admin')}"}
        proxy, other = asker(PROXY), asker(OTHER)

        secure = proxy.get(page, headers=SECURE)
        known = proxy.get(api, headers=SECURE | auth)
        forged = [other.get(api, headers=each | auth, allow_redirects=False) for each in FORGED]
        forged += [proxy.get(api, headers=each | auth) for each in FORGED[1:]]
        led = other.get(page, headers=SECURE, allow_redirects=False)
        moved = proxy.get(
            page, headers=SECURE | {"SCRIPT_NAME": "/evil", "X-Forwarded-Host": "evil.example"}
        )

    assert (secure.status_code, known.status_code) == (200, 200)
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "__Host-csrftoken=" in secure.headers["Set-Cookie"]
    assert [each.status_code for each in forged] == [403] * len(forged)
    assert (led.status_code, led.headers["Location"]) == (301, page.replace("http:", "https:"))
    assert "evil" not in moved.text
