"""What changed is told once, what is over once, and flapping is held down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ghost.core.audit.models import AuditEvent
from ghost.core.text.reasons import words
from ghost.operations import figures as operations_figures
from ghost.operations.alerts import evaluation
from ghost.operations.alerts.models import LONGEST_WELL_FOR, Alert, AlertRule, AlertWatch
from ghost.operations.channels import sending
from ghost.operations.channels.models import Delivery
from ghost.operations.figures import Item, Status
from tests.ghost.operations.alerts.conftest import bad, figures, well
from tests.threads import together

pytestmark = pytest.mark.django_db
BROKEN, WELL = bad("dht", "no node answers"), well("dht")


@pytest.fixture
def look(clock, receiver):
    """`look(item, …)`: half a minute later the figures are these; what was told so far."""

    def see(*items: Item, after_s: float = 30) -> list[str]:
        clock(after_s)
        evaluation.apply(figures(*items))
        Delivery.objects.update(next_try_at=clock.now)
        sending.send_due()
        return [f"{post['alert']['level']} {post['event']}" for post in receiver.posts]

    return see


def test_something_wrong_is_told_once_and_once_when_it_is_over(look):
    told = [look(item) for item in (BROKEN, BROKEN, BROKEN, WELL, WELL, WELL)]

    assert told[2] == ["warning firing"]
    assert told[3] == ["warning firing"]  # a moment of rest is no end
    assert told[5] == ["warning firing", "warning over"]


def test_it_is_told_again_when_it_gets_worse_and_not_when_it_gets_better(look):
    worse = bad("dht", status=Status.DOWN)

    assert look(BROKEN, after_s=0) == ["warning firing"]
    assert look(worse) == ["warning firing", "critical firing"]
    assert look(BROKEN) == ["warning firing", "critical firing"]


def test_what_lasts_no_longer_than_its_wait_is_not_told(look):
    AlertRule.objects.create(name="dht-empty", wait_s=60)

    assert look(BROKEN) == look(BROKEN) == look(WELL) == []
    assert not Alert.objects.exists()
    for _ in range(2):
        look(BROKEN)
    assert look(BROKEN) == ["warning firing"]


def test_flapping_is_held_down(look):
    flaps = [BROKEN, BROKEN, WELL, WELL, WELL, WELL] * 40  # two hours of it

    for item in flaps:
        told = look(item)

    assert told == ["warning firing", "warning over"] * 2 + ["warning firing"]
    assert Alert.objects.get().well_for <= LONGEST_WELL_FOR


def test_after_flapping_its_end_is_told(look):
    for item in [BROKEN, WELL, WELL, WELL] * 10:
        look(item)
    told = [look(WELL) for _ in range(130)][-1]

    assert told[-1] == "warning over"
    assert Alert.objects.get().state == Alert.State.OVER


def test_each_subject_has_an_alert_of_its_own(look, receiver):
    look(bad("libtorrent"), bad("redis"))

    assert {post["alert"]["subject"] for post in receiver.posts} == {"libtorrent", "redis"}


def test_a_rule_that_is_switched_off_tells_nothing_and_its_alerts_end_quietly(look):
    look(BROKEN)
    AlertRule.objects.create(name="dht-empty", is_enabled=False)

    for _ in range(4):
        told = look(BROKEN)

    assert told == ["warning firing"]
    assert Alert.objects.get().state == Alert.State.OVER


@pytest.mark.parametrize("what", ["rule", "alert"])
def test_while_it_is_silenced_nothing_is_told_and_afterwards_what_still_is(look, clock, what):
    look(WELL)
    AlertRule.objects.sync()
    row: Alert | AlertRule = AlertRule.objects.get(name="dht-empty")
    if what == "alert":
        row = Alert.objects.create(rule="dht-empty", since=clock.now, level="warning", state="over")
    row.silence(clock.now + timedelta(minutes=5))

    quiet = [look(BROKEN) for _ in range(8)][-1]
    loud = [look(BROKEN) for _ in range(4)][-1]

    assert (quiet, loud) == ([], ["warning firing"])
    assert AuditEvent.objects.get(action__endswith=".silence").changes["until"][0] is None


def test_what_came_and_went_while_it_was_silenced_is_never_told(look, clock):
    AlertRule.objects.sync()
    AlertRule.objects.get(name="dht-empty").silence(clock.now + timedelta(minutes=5))

    told = [look(item) for item in [BROKEN] * 3 + [WELL] * 20][-1]

    assert told == []


def test_what_can_not_be_seen_for_a_while_is_not_over(look):
    look(BROKEN)
    for _ in range(5):
        told = look(Item("dht", Status.UNKNOWN, words("nothing seen")))

    assert told == ["warning firing"]
    assert Alert.objects.get().state == Alert.State.FIRING


def test_an_alert_says_what_to_do_and_where_to_read_on(look, receiver, configure):
    configure(admin_url="https://admin.example.org")

    look(BROKEN)

    [post] = receiver.posts
    assert post["title"] == "[Ghost] DHT without nodes"
    for line in (
        "no node answers",
        "mend it",
        "docs/runbooks/dht-empty.md",
        "https://admin.example.org/admin/dht/scan/",
    ):
        assert line in post["text"]
    assert (
        post["alert"]["runbook_url"]
        == "https://admin.example.org/admin/ghost/alert/runbooks/dht-empty/"
    )


def test_alerts_are_told_in_the_language_that_is_configured(look, receiver, configure):
    configure(message_language="zh-hans")

    look(BROKEN)

    [post] = receiver.posts
    assert "DHT" in post["title"]
    assert "Level:" not in post["text"]


@pytest.mark.parametrize(
    "values", [{"limit": 500}, {"limit": 0}, {"wait_s": 10**6}, {"limit": float("nan")}]
)
def test_a_limit_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValidationError):
        AlertRule(name="disk").change(**values)


def test_a_rule_without_a_limit_takes_none():
    with pytest.raises(ValidationError, match="has no limit"):
        AlertRule(name="dht-empty").change(limit=5)


def test_who_read_a_rule_earlier_undoes_nothing_that_others_set_since():
    AlertRule.objects.sync()
    one, other, third = (AlertRule.objects.get(name="disk") for _ in range(3))

    one.silence(timezone.now() + timedelta(hours=1))
    other.change(limit=20.0)
    third.toggle()
    one.toggle()

    rule = AlertRule.objects.get(name="disk")
    assert (rule.limit, rule.is_enabled, rule.silenced_until is None) == (20.0, True, False)


def test_a_changed_rule_is_written_down_in_the_trail():
    AlertRule.objects.sync()

    AlertRule.objects.get(name="disk").change(limit=20.0)

    assert AuditEvent.objects.get().changes == {"limit": [None, 20.0]}


def test_a_silence_has_an_end_that_is_to_come(clock):
    AlertRule.objects.sync()
    row = AlertRule.objects.get(name="disk")

    for until in (clock.now - timedelta(1), clock.now + timedelta(40)):
        with pytest.raises(ValidationError, match="within 31 days"):
            row.silence(until)


def test_rules_get_their_rows_and_lose_those_of_another_version():
    AlertRule.objects.create(name="of another version")
    was_missing = AlertRule.objects.is_out_of_step()

    AlertRule.objects.sync()

    assert (was_missing, AlertRule.objects.is_out_of_step()) == (True, False)


def test_of_many_processes_one_looks_and_tells(receiver, file_database, monkeypatch):
    monkeypatch.setattr(operations_figures, "current", lambda: figures(BROKEN))

    looked = together(*[evaluation.evaluate] * 8)

    sending.sender.wait(20)
    assert (sum(looked), receiver.events("dht-empty")) == (1, ["firing"])


def test_the_turn_comes_again_after_half_a_minute_and_after_a_clock_that_ran_ahead():
    every = timedelta(seconds=25)
    first, second = (AlertWatch.objects.claim(every) for _ in range(2))
    AlertWatch.objects.update(looked_at=timezone.now() - every)
    later = AlertWatch.objects.claim(every)
    AlertWatch.objects.update(looked_at=timezone.now() + timedelta(days=400))

    assert (first, second, later, AlertWatch.objects.claim(every)) == (True, False, True, True)


def test_a_database_that_is_away_ends_no_alert(monkeypatch, receiver):
    Alert.objects.create(rule="dht-empty", since=timezone.now(), level="warning", state="firing")
    away = figures()
    monkeypatch.setattr(
        operations_figures, "current",
        lambda: type(away)(away.gathered_at, (bad("database", status=Status.DOWN),)),
    )  # fmt: skip

    evaluation.evaluate()

    assert Alert.objects.get().well_since is None
