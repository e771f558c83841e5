"""What is left alone after failures."""

from __future__ import annotations

import pytest

from ghost.core import circuits
from ghost.core.circuits import Circuit, Kind
from ghost.core.text.reasons import words
from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db


def fail(times: int, kind: Kind = Kind.COVER_HOST, name: str = "covers.example") -> None:
    for _ in range(times):
        circuits.failed(kind, name, words("HTTP 503"))


def test_a_failure_opens_no_circuit():
    fail(1)

    assert told("circuits") == ("ok", "circuits.closed")
    assert {n: c for n, c in item("circuits").counts.items() if c} == {"failing": 1}


CONFIGURED = {
    Kind.COVER_HOST: ("covers.example", {}),
    Kind.DEPLOY_TARGET: ("pages@host.example:/srv/", {"deploy_target": "pages@host.example:/srv/"}),
    Kind.WEBHOOK: ("GHOST_DEADMAN_URL", {"deadman_url": "https://life.example/"}),
    Kind.GIT_BACKUP: (
        "https://git.example/g.git",
        {"git_backup_remote": "https://git.example/g.git"},
    ),
    Kind.MAIL: ("mail.example", {"email_url": "smtp://mail.example:25"}),
}
"""For each kind a name, and the setting that names it."""


@pytest.mark.parametrize("kind", CONFIGURED)
def test_an_open_circuit_degrades_health_until_it_is_closed(client, configure, kind):
    name, settings = CONFIGURED[kind]
    configure(**settings)
    fail(3, kind, name)
    opened, word = item("circuits"), client.get("/health").json()
    Circuit.objects.reset()

    assert (str(opened.status), opened.reason.code) == ("degraded", "figures.circuits.open")
    assert {n: c for n, c in opened.counts.items() if c} == {
        "open": 1,
        "failing": 1,
        f"open_{kind}": 1,
    }
    assert (opened.rows[0]["kind"], str(opened.last_error)) == (kind, "HTTP 503")
    assert word == {"status": "degraded"}
    assert told("circuits") == ("ok", "circuits.closed")


@pytest.mark.parametrize("kind", [kind for kind, (_, settings) in CONFIGURED.items() if settings])
def test_what_the_configuration_does_not_name_any_more_is_nobodys_trouble(kind):
    fail(3, kind, CONFIGURED[kind][0])

    assert told("circuits") == ("ok", "circuits.closed")
    assert not any(item("circuits").counts.values())


def test_of_trackers_those_that_the_settings_name_need_somebody(configure):
    configure(default_trackers=("udp://ours.example:1337/announce", "wss://web.example/"))
    fail(3, Kind.TRACKER, "udp://theirs.example:80")
    theirs = told("circuits"), item("circuits").counts["open_tracker"]
    fail(3, Kind.TRACKER, "udp://ours.example:1337")

    assert theirs == (("ok", "circuits.closed"), 1)
    assert told("circuits") == ("degraded", "circuits.open")
    assert str(item("circuits").reason) == "left alone after failures: udp://ours.example:1337"


def test_it_stays_bad_while_it_is_on_trial_and_not_when_nobody_asks_any_more():
    fail(3)
    Circuit.objects.update(open_until=ago(minutes=1))
    on_trial = told("circuits")
    Circuit.objects.update(open_until=ago(minutes=61))

    assert on_trial == ("degraded", "circuits.open")
    assert told("circuits") == ("ok", "circuits.closed")


def test_what_needs_somebody_is_named_before_what_does_not():
    fail(3)
    for number in range(120):
        fail(1, Kind.TRACKER, f"udp://{number}.example:80")

    rows = item("circuits").rows
    assert (len(rows), rows[0]["name"]) == (100, "covers.example")
