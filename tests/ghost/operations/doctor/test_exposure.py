"""What the doctor warns of, since it lies open."""

from __future__ import annotations

import pytest

from ghost.operations.doctor import exposure


def told() -> list[str]:
    return [" ".join(each) for each in exposure.found()]


def test_an_installation_of_this_machine_alone_opens_nothing():
    assert told() == []


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"behind_tls": True}, "GHOST_HSTS_INCLUDE_SUBDOMAINS=1"),
        ({"deploy_mode": "integrated"}, "GHOST_SITE_HOST"),
        ({"host": "0.0.0.0"}, "GHOST_BEHIND_TLS=1"),
        ({"host": "ghost.example"}, "GHOST_BEHIND_TLS=1"),
    ],
)
def test_each_opening_is_told_with_its_variable(configure, values, word):
    configure(**values)

    [found] = told()

    assert word in found


@pytest.mark.parametrize(
    "values",
    [
        {"behind_tls": True, "hsts_include_subdomains": True, "host": "0.0.0.0"},
        {"deploy_mode": "integrated", "site_host": "catalog.example.org"},
        {"host": "::1"},
        {"host": "localhost"},
    ],
)
def test_what_was_closed_is_told_no_more(configure, values):
    configure(**values)

    assert told() == []
