"""manage.py send_test_alert."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def send() -> str:
    out = io.StringIO()
    try:
        call_command("send_test_alert", stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error)
    return out.getvalue()


def test_every_channel_is_tried_and_its_outcome_told(receiver, mails):
    assert "webhook 127.0.0.1#" in send()
    assert receiver.events() == ["test"]
    assert len(mails.messages) == 1


def test_a_failure_is_told_and_ends_with_an_error(receiver, mails):
    receiver.answers = [500]

    told = send()

    assert "mail ada@example.org: handed over" in told
    assert told.endswith("Not every message was taken.")


def test_without_a_channel_it_says_what_to_set():
    assert "set GHOST_EMAIL_URL, GHOST_ALERT_WEBHOOKS or GHOST_ALERT_URLS" in send()
