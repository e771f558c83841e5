"""What apprise knows: a real message by one of its services, and time's end."""

from __future__ import annotations

import threading

import pytest

from ghost.core.errors import OutageError, RefusedError
from ghost.operations.channels import apprise_addresses, bounded_sending
from ghost.operations.channels.message import Message
from tests import webhook

MESSAGE = Message("Disk nearly full", "3 % free")


@pytest.fixture
def service(monkeypatch):
    """It takes what apprise posts, which nobody signed."""
    monkeypatch.setattr(webhook, "_is_genuine", lambda headers, body: True)
    with webhook.receiving() as server:
        yield server


def test_a_message_arrives(service):
    apprise_addresses.send(service.url.replace("http", "json"), MESSAGE)

    [post] = service.posts
    assert (post["title"], post["message"]) == ("Disk nearly full", "3 % free")


def test_what_the_service_refuses_is_an_outage(service):
    service.answers = [500]

    with pytest.raises(OutageError, match="could not deliver"):
        apprise_addresses.send(service.url.replace("http", "json"), MESSAGE)


def test_an_address_that_it_does_not_know_is_told_without_it():
    with pytest.raises(RefusedError, match="knows no such address") as caught:
        apprise_addresses.send("nosuch://s3cret", MESSAGE)

    assert "s3cret" not in str(caught.value)


def test_what_hangs_is_left_and_not_tried_a_second_time(monkeypatch):
    going_on = threading.Event()
    monkeypatch.setattr(bounded_sending, "PATIENCE_S", 0.05)
    monkeypatch.setattr(apprise_addresses, "_notify", lambda *_: going_on.wait(20))

    with pytest.raises(OutageError, match=r"within 0\.05 s"):
        apprise_addresses.send("json://hangs", MESSAGE)
    with pytest.raises(OutageError, match="still hangs"):
        apprise_addresses.send("json://hangs", MESSAGE)
    going_on.set()
    bounded_sending._hanging["json://hangs"].join()

    apprise_addresses.send("json://hangs", MESSAGE)


def test_a_plug_in_that_breaks_is_an_outage(monkeypatch):
    def breaks(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(apprise_addresses, "_notify", breaks)

    with pytest.raises(OutageError, match="ZeroDivisionError"):
        apprise_addresses.send("json://breaks", MESSAGE)
