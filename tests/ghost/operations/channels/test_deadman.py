"""The sign of life to a service elsewhere."""

from __future__ import annotations

from threading import Event

import pytest
from pydantic import SecretStr

from ghost.core.circuits import Circuit
from ghost.operations.alerts import evaluation, trial
from ghost.operations.channels import deadman, targets
from ghost.operations.channels.models import Delivery
from ghost.operations.channels.sending import sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(receiver, configure):
    configure(deadman_url=SecretStr(f"{receiver.url}/ping/s3cret"))
    return receiver


def test_it_is_asked_for_once_a_minute(service):
    was_due = deadman.is_due()

    deadman.ping()

    assert (was_due, deadman.is_due()) == (True, False)
    assert service.asked == ["/ping/s3cret"]


def test_a_service_that_fails_has_a_circuit_and_is_asked_all_the_same(service):
    service.answers = [500] * 4
    for _ in range(4):
        deadman.ping()
    failing = Circuit.objects.failing().get()

    deadman.ping()

    assert (failing.name, len(service.asked)) == ("GHOST_DEADMAN_URL", 5)
    assert "s3cret" not in str(failing.last_error)
    assert not Circuit.objects.failing().exists()


def test_without_an_address_nothing_is_due(configure):
    assert not deadman.is_due()


def test_messages_that_wait_for_somebody_hold_it_up_by_nothing(service, file_database, monkeypatch):
    is_over = Event()
    monkeypatch.setitem(targets.SENDERS, targets.Channel.WEBHOOK, lambda *_: is_over.wait(20))
    trial.write()

    evaluation.evaluate()
    deadman.pinging.wait(20)

    assert service.asked == ["/ping/s3cret"]
    is_over.set()
    sender.wait(20)
    assert Delivery.objects.get().state == Delivery.State.SENT
