"""Messages reach their targets once, are tried again, and are given up with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pydantic import SecretStr

from ghost.core import circuits
from ghost.core.circuits import Circuit, Kind
from ghost.core.text.reasons import NONE
from ghost.operations.channels import sending, targets
from ghost.operations.channels.message import Message
from ghost.operations.channels.models import LEASE, PAUSES, Delivery
from tests import webhook
from tests.threads import together

pytestmark = pytest.mark.django_db
State = Delivery.State


def write(about: str = "", subject: str = "Disk nearly full") -> list[Delivery]:
    message = Message(subject, "text\n", data={"event": "firing"})
    return Delivery.objects.write(message, Delivery.Kind.ALERT, targets.everybody(), about)


def make_due() -> None:
    Delivery.objects.waiting().update(next_try_at=timezone.now())


def test_a_message_goes_by_mail_and_signed_to_a_webhook(receiver, mails):
    write()

    sent = sending.send_due()

    assert sent == 2
    [post] = receiver.posts
    assert (post["event"], post["title"]) == ("firing", "Disk nearly full")
    [mail] = mails.messages
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", "Disk nearly full")
    assert {row.state for row in Delivery.objects.all()} == {State.SENT}
    assert not receiver.forged


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028"])
def test_what_is_told_of_something_with_a_strange_name_is_told_all_the_same(mails, end):
    write(subject=f"[Ghost] Disk: a{end}Bcc: eve@example.org")

    sending.send_due()

    [mail] = mails.messages
    assert (mail["Subject"], mail["Bcc"]) == ("[Ghost] Disk: a Bcc: eve@example.org", None)


def test_the_database_holds_no_address_that_is_a_secret(receiver):
    [delivery] = write()

    assert delivery.target.startswith("127.0.0.1#")
    assert "s3cret" not in repr(delivery.__dict__)


def test_a_failure_is_tried_again_after_a_growing_pause_under_the_same_name(receiver):
    receiver.answers = [500, 503]
    [delivery] = write()
    pauses = []

    for _ in range(2):
        began = timezone.now()
        sending.send_due()
        row = Delivery.objects.get(pk=delivery.pk)
        assert row.next_try_at
        pauses.append(round((row.next_try_at - began).total_seconds()))
        make_due()
    sending.send_due()

    assert pauses == [10, 30]
    row = Delivery.objects.get(pk=delivery.pk)
    assert (row.state, row.attempts, str(row.error)) == (State.SENT, 3, "")
    assert [post["id"] for post in receiver.posts] == [delivery.key]


def test_a_receiver_that_asks_for_more_time_gets_it(receiver, monkeypatch):
    [delivery] = write()

    delivery.fail(NONE, retry_after_s=500)

    assert delivery.next_try_at
    left = (delivery.next_try_at - timezone.now()).total_seconds()
    assert left == pytest.approx(500, abs=5)


def test_after_the_last_pause_it_is_given_up(receiver):
    receiver.answers = [500]
    [delivery] = write()
    Delivery.objects.update(attempts=len(PAUSES.pauses))

    sending.send_due()

    row = Delivery.objects.get(pk=delivery.pk)
    assert (row.state, row.next_try_at) == (State.FAILED, None)
    assert "500" in str(row.error)


def test_a_circuit_that_opens_is_left_alone_and_costs_no_try(receiver):
    receiver.answers = [500] * 9
    for number in range(4):
        write(about=str(number))
    for _ in range(3):
        sending.send_due()
        make_due()
    tried = len(receiver.asked)

    sending.send_due()

    assert (tried, len(receiver.asked)) == (3, 3)
    assert Circuit.objects.of(Kind.WEBHOOK).open().count() == 1
    assert sum(row.attempts for row in Delivery.objects.all()) == 3


def test_what_waited_a_day_for_a_circuit_is_given_up(receiver):
    [delivery] = write()
    for _ in range(3):
        circuits.failed(Kind.WEBHOOK, delivery.target, delivery.error)
    Delivery.objects.update(created_at=timezone.now() - timedelta(hours=25))

    sending.send_due()

    assert Delivery.objects.get().state == State.FAILED


def test_a_target_that_fails_holds_no_other_up(receiver, mails):
    mails.refusal = "451 later"
    write()

    sending.send_due()

    assert len(receiver.posts) == 1
    refused = Delivery.objects.get(channel="mail")
    assert (refused.state, "451 later" in str(refused.error)) == (State.WAITING, True)
    assert "ada@example.org" not in str(refused.error)


def test_later_messages_about_the_same_wait_for_the_earlier_one(receiver):
    write("disk a", "begun")
    write("disk a", "over")
    write("disk b", "other")
    receiver.answers = [500]

    sending.send_due()
    Delivery.objects.filter(attempts=0).update(next_try_at=timezone.now())
    sending.send_due()
    before = [post["title"] for post in receiver.posts]
    for _ in range(2):
        make_due()
        sending.send_due()

    assert before == ["other"]
    assert [post["title"] for post in receiver.posts] == ["other", "begun", "over"]


def test_a_target_that_is_configured_no_longer_gets_nothing(receiver, configure):
    write()
    configure(alert_webhooks=SecretStr(f"{receiver.url}/another"))

    sending.send_due()

    row = Delivery.objects.get()
    assert (row.state, row.error.code) == (State.FAILED, "channels.gone")
    assert receiver.asked == []


def test_a_private_address_is_refused_and_not_tried_again(receiver, configure):
    write()
    configure(allow_private_networks=False)

    sending.send_due()

    row = Delivery.objects.get()
    assert row.state == State.FAILED
    assert "private network" in str(row.error)


def test_a_sender_that_died_leaves_its_message_to_another(receiver):
    [delivery] = write()
    Delivery.objects.claim(delivery.pk)
    held = sending.send_due()
    Delivery.objects.update(claimed_until=timezone.now() - LEASE)

    sent = sending.send_due()

    assert (held, sent, len(receiver.posts)) == (0, 1, 1)


@pytest.mark.parametrize("field", ["next_try_at", "claimed_until"])
def test_a_clock_that_ran_ahead_holds_nothing_up(receiver, field):
    write()
    Delivery.objects.update(**{field: timezone.now() + timedelta(days=400)})

    assert sending.send_due() == 1


def test_of_two_processes_that_race_one_sends(receiver, file_database):
    receiver.pause_s = 0.2
    for number in range(3):
        write(about=str(number))

    sent = together(*[sending.send_due] * 4)

    assert sum(sent) == 3
    assert len({post["id"] for post in receiver.posts}) == len(receiver.posts) == 3


def test_who_looked_a_moment_earlier_takes_nothing_from_who_was_faster(receiver):
    [delivery] = write()
    before = timezone.now()
    Delivery.objects.claim(delivery.pk)

    assert not Delivery.objects.due(before).exists()


def test_the_thread_of_a_process_sends(receiver, file_database):
    write()
    sender = sending.Sender()

    sender.start()
    sender.wait(20)

    assert receiver.asked == ["/hook/s3cret"]
    assert Delivery.objects.get().state == State.SENT


def test_what_breaks_is_tried_again_and_the_others_are_sent(receiver, mails, monkeypatch):
    def breaks(address: str, message: Message) -> None:
        raise ValueError("on purpose")

    monkeypatch.setitem(targets.SENDERS, targets.Channel.MAIL, breaks)
    write()

    sending.send_due()

    assert len(receiver.posts) == 1
    assert Delivery.objects.get(channel="mail").error.code == "channels.broke"


def test_signatures_of_another_secret_are_seen(receiver, configure):
    configure(alert_webhook_secret=SecretStr("somebody else's, long enough"))
    write()

    sending.send_due()

    assert (len(receiver.forged), receiver.posts) == (1, [])
    assert webhook.SECRET not in receiver.forged[0]
