"""Requests that are sent again, and the token that goes nowhere else."""

import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from ghost.client import Ghost, GhostError
from tests.ghost.client.items import item, lines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("after", ["1", "date"])
def test_server_that_asks_for_patience_gets_it(ghost, proxy, after):
    moment = format_datetime(timezone.now() + timedelta(seconds=2), usegmt=True)
    proxy.faults, proxy.retry_after = ["429"], moment if after == "date" else after

    begun = time.monotonic()
    status, _out, err = ghost("status")

    assert status == 0, err
    assert 0.9 < time.monotonic() - begun < 5


def test_server_that_can_not_be_reached_is_an_outage(ghost, proxy, category, tmp_path):
    file = lines(tmp_path / "many.ndjson", item(1))
    proxy.faults = ["drop"] * 100

    status, out, err = ghost("bulk", file, "--patience", "1")

    assert (status, out) == (3, "")
    assert "can't be reached" in err


def test_server_that_stays_busy_is_an_outage_with_its_reason(ghost, proxy):
    proxy.faults = ["503"] * 100

    status, _out, err = ghost("status", "--patience", "1.5")

    assert (status, "ghost: Come again later." in err) == (3, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GHOST_TOKEN", "Oné"), ("GHOST_TOKEN", "a\nsecret"), ("GHOST_TOKEN", "\udcff"), ("GHOST_URL", "http://[")],
)  # fmt: skip
def test_what_can_not_be_sent_is_wrong_use_and_no_token_is_shown(ghost, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    status, out, err = ghost("status")

    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "secret" not in err


def test_token_goes_nowhere_else(ghost, proxy, variables, token):
    elsewhere = Ghost(f"{proxy.url}/nowhere", token.raw)
    with pytest.raises(GhostError):
        elsewhere.verify()
    status, out, err = ghost("status", "--url", "https://user@host/")

    assert (status, out) == (2, "")
    assert token.raw not in err
