"""Whether those who are to be told can be reached."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from ghost.core import circuits
from ghost.core.text.reasons import words
from ghost.operations.channels import deadman, targets
from ghost.operations.channels.message import Message
from ghost.operations.channels.models import Delivery
from tests.ghost.operations.figures.moments import item, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(configure) -> Delivery:
    configure(alert_webhooks=SecretStr("https://hooks.example/s3cret"))
    to = targets.everybody()
    return Delivery.objects.write(Message("x", "y"), Delivery.Kind.ALERT, to)[0]


def test_without_a_channel_nobody_is_told():
    assert told("alerts") == ("ok", "alerts.nobody")


def test_a_channel_that_fails_twice_needs_care_until_a_message_is_taken(delivery):
    delivery.fail(words("500"))
    once = told("alerts")
    delivery.fail(words("500"))
    twice, found = told("alerts"), item("alerts")
    later = Delivery.objects.write(Message("x", "y"), Delivery.Kind.ALERT, targets.everybody())[0]
    later.succeed()

    assert once == ("ok", "alerts.reached")
    assert twice == ("degraded", "alerts.fail")
    assert "hooks.example" in str(found.reason)
    assert "s3cret" not in repr(found)
    assert told("alerts") == ("ok", "alerts.reached")


def test_a_channel_that_is_configured_no_longer_is_nobody_s_matter(delivery, configure):
    delivery.give_up(words("500"))
    configure(alert_webhooks=None)

    assert told("alerts") == ("ok", "alerts.nobody")


def test_a_sign_of_life_that_does_not_arrive_needs_care(configure):
    configure(deadman_url=SecretStr("https://ping.example/s3cret"))
    circuits.failed(*deadman.CIRCUIT, words("away"))

    assert told("alerts") == ("degraded", "alerts.fail")
