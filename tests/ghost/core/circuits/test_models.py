"""Circuits: what fails too often is left alone, by all processes, and tried by one when its time is up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ghost.core import circuits
from ghost.core.audit.models import AuditEvent
from ghost.core.circuits import Circuit, Kind
from ghost.core.circuits import models as circuit_models
from ghost.core.circuits.kinds import POLICIES
from ghost.core.db import clock, pacing
from ghost.core.events.models import Event, EventKind
from ghost.core.text.reasons import words
from tests.presence import present

pytestmark = pytest.mark.django_db

NAME = "tracker.example:80"


def fail(times: int = 1, kind: Kind = Kind.TRACKER, name: str = NAME) -> Circuit:
    for _ in range(times):
        circuits.failed(kind, name, words("HTTP 503"))
    return Circuit.objects.get(kind=kind, name=name)


def let_pause_end() -> None:
    Circuit.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def events() -> list[tuple[str, str]]:
    return [
        (event.data["name"], event.data["state"])
        for event in Event.objects.filter(kind=EventKind.CIRCUIT).order_by("pk")
    ]


@pytest.mark.parametrize("kind", Kind)
def test_a_circuit_opens_after_so_many_failures_of_its_kind(kind):
    states = [fail(kind=kind).state for _ in range(POLICIES[kind].open_after)]

    assert states == [Circuit.State.FAILING] * (POLICIES[kind].open_after - 1) + [
        Circuit.State.OPEN
    ]
    assert circuits.is_open(kind, NAME)
    assert not circuits.claim(kind, NAME)


def test_the_same_name_of_another_kind_is_another_circuit():
    fail(3)

    assert not circuits.is_open(Kind.COVER_HOST, NAME)
    assert circuits.claim(Kind.COVER_HOST, NAME)


def test_pauses_double_up_to_the_longest():
    row, pauses = fail(2), []
    for _ in range(8):
        row = fail()
        pauses.append((present(row.open_until) - present(row.failed_at)) // timedelta(minutes=1))
        let_pause_end()

    assert pauses == [10, 20, 40, 60, 60, 60, 60, 60]


def test_when_a_pause_is_over_one_caller_tries():
    fail(3)
    let_pause_end()

    seen = circuits.is_open(Kind.TRACKER, NAME)
    claims = [circuits.claim(Kind.TRACKER, NAME) for _ in range(3)]

    assert (seen, claims) == (False, [True, False, False])
    assert circuits.is_open(Kind.TRACKER, NAME)
    assert Circuit.objects.get().state == Circuit.State.TRYING


def test_who_tries_and_dies_holds_nobody_back_for_long():
    fail(3)
    let_pause_end()
    circuits.claim(Kind.TRACKER, NAME)
    Circuit.objects.update(trial_until=timezone.now())

    assert circuits.claim(Kind.TRACKER, NAME)


@pytest.mark.parametrize("field", ["open_until", "trial_until"])
def test_what_a_clock_wrote_that_ran_ahead_holds_nobody_back(field):
    fail(3)
    let_pause_end()
    Circuit.objects.update(**{field: timezone.now() + timedelta(days=9)})

    assert not circuits.is_open(Kind.TRACKER, NAME)
    assert Circuit.objects.get().state == Circuit.State.TRYING
    assert circuits.claim(Kind.TRACKER, NAME)


def test_who_looked_at_the_clock_a_moment_before_the_other_does_not_try_too(monkeypatch):
    fail(3)
    let_pause_end()
    before = clock.now()
    assert circuits.claim(Kind.TRACKER, NAME)

    monkeypatch.setattr(clock, "now", lambda: before)

    assert not circuits.claim(Kind.TRACKER, NAME)


def test_a_try_that_fails_opens_it_for_longer_and_is_told_once():
    opened_at = fail(3).opened_at
    let_pause_end()
    circuits.claim(Kind.TRACKER, NAME)

    row = fail()

    assert (row.state, row.opened_at, row.trial_until) == (Circuit.State.OPEN, opened_at, None)
    assert events() == [(NAME, "open")]


def test_one_success_closes_it(caplog):
    fail(4)
    caplog.set_level("INFO")

    circuits.succeeded(Kind.TRACKER, NAME)

    row = Circuit.objects.get()
    assert (row.state, row.failures, row.opened_at) == (Circuit.State.CLOSED, 0, None)
    assert circuits.claim(Kind.TRACKER, NAME)
    assert events() == [(NAME, "open"), (NAME, "closed")]
    assert "tracker.example:80 is asked again" in caplog.text


def test_a_log_line_and_an_event_tell_that_it_opened(caplog):
    row = fail(3)

    [event] = Event.objects.filter(kind=EventKind.CIRCUIT)
    assert event.data == {
        "kind": "tracker", "name": NAME, "state": "open", "failures": 3,
        "open_until": present(row.open_until).isoformat(), "error": "HTTP 503",
    }  # fmt: skip
    assert (event.is_for_all, event.token_id, event.team_id) == (False, None, None)
    assert (
        "tracker tracker.example:80 is left alone for 600 s after 3 failures: HTTP 503"
        in caplog.text
    )


def test_failures_while_it_rests_count_no_more():
    before = fail(3)

    after = fail(5)

    assert (after.failures, after.open_until) == (before.failures, before.open_until)


def test_who_asks_to_be_left_alone_is_at_once_and_for_no_longer_than_others():
    circuits.failed(Kind.WEBHOOK, "a", words("429"), retry_after_s=90)
    circuits.failed(Kind.WEBHOOK, "b", words("429"), retry_after_s=1e9)

    pauses = {
        row.name: (present(row.open_until) - present(row.failed_at)).total_seconds()
        for row in Circuit.objects.all()
    }
    assert pauses == {"a": 90, "b": 3600}
    assert parse_datetime(Event.objects.latest("pk").data["open_until"]) is not None


def test_an_operator_resets_what_failed_and_the_trail_knows():
    fail(3)
    fail(1, name="other")
    Circuit.objects.create(kind=Kind.MAIL, name="fine")

    assert Circuit.objects.reset() == 2
    assert Circuit.objects.reset() == 0

    assert not Circuit.objects.failing().exists()
    found = AuditEvent.objects.filter(action="circuit.reset")
    assert sorted(event.changes["failures"] for event in found) == [[1, 0], [3, 0]]
    assert events() == [(NAME, "open"), (NAME, "closed")]


def test_what_never_failed_costs_one_query(django_assert_num_queries):
    for ask in (circuits.is_open, circuits.claim, circuits.succeeded):
        with django_assert_num_queries(
            1 + (connection.vendor == "postgresql" and ask is circuits.is_open)
        ):
            ask(Kind.TRACKER, NAME)


def test_names_that_strangers_choose_fill_no_table(monkeypatch):
    monkeypatch.setattr(circuit_models, "MOST_OF_A_KIND", 3)
    fail(3, Kind.MAIL)
    for number in range(6):
        fail(1, name=f"{number}.example")

    names = Circuit.objects.of(Kind.TRACKER).values_list("name", flat=True)
    assert sorted(names) == ["3.example", "4.example", "5.example"]
    assert circuits.is_open(Kind.MAIL, NAME)


def test_a_name_that_is_too_long_is_cut():
    long = "x" * 300

    fail(1, name=long[:255])
    circuits.failed(Kind.TRACKER, long, words("again"))
    circuits.succeeded(Kind.TRACKER, long)

    assert Circuit.objects.get().failures == 0


def test_what_has_not_failed_for_long_is_dropped():
    fail(1, name="new")
    fail(1, name="old")
    Circuit.objects.filter(name="old").update(failed_at=timezone.now() - timedelta(days=91))

    assert pacing.delete(Circuit.objects.outdated(timezone.now() - timedelta(days=90))) == 1
    assert Circuit.objects.get().name == "new"
