"""Addresses without their credentials."""

from __future__ import annotations

import pytest

from builds.deploy.remotes import remote


@pytest.mark.parametrize(
    ("url", "shown", "stored", "secret"),
    [
        ("https://ada:t0ken@h.example/x", "https://h.example/x", "https://ada:t0ken@h.example", "t0ken"),
        ("https://t0ken@h.example/x", "https://h.example/x", "https://t0ken:x-oauth-basic@h.example", "t0ken"),
        ("https://h.example/x", "https://h.example/x", "", ""),
        ("ssh://git:t0ken@h.example/x", "ssh://git@h.example/x", "", "t0ken"),
        ("git@h.example:x.git", "git@h.example:x.git", "", ""),
        ("/srv/a:b@c.git", "/srv/a:b@c.git", "", ""),
    ],
)  # fmt: skip
def test_an_address_is_told_from_its_credentials(url, shown, stored, secret):
    found = remote(url)

    assert (found.url, found.stored) == (shown, stored)
    assert found.clean(f"fatal: {url} {secret}") == (
        f"fatal: {url} {secret}".replace("ada:t0ken@", "***@").replace("git:t0ken@", "***@")
        .replace("t0ken@", "***@").replace("t0ken", "***") if secret else f"fatal: {url} "
    )  # fmt: skip
