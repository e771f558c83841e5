"""The digest: what was published, what is dying, what needs care; once for each span, and not if it is empty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.text.reasons import words
from ghost.operations import digest, figures, schedules, tasks
from ghost.operations.alerts.models import AlertWatch
from ghost.operations.channels import sending
from ghost.operations.channels.models import Delivery
from ghost.operations.digest import contents
from ghost.operations.figures import Figures, Item, Status
from resources.models import DhtStatus, Resource
from tests import make

pytestmark = pytest.mark.django_db
WELL = Item("dht", Status.OK, words("well"))
BAD = Item("dht", Status.DEGRADED, words("no node answers"), words("open the firewall"))


@pytest.fixture
def stands(monkeypatch):
    """`stands(BAD)`: the figures have this item alone; at first all is well."""

    def change(item: Item) -> None:
        found = Figures(timezone.now(), (item,))
        monkeypatch.setattr(figures, "current", lambda: found)

    change(WELL)
    return change


def published(title: str, **ago: float) -> Resource:
    row = make.resource(title=title)
    at = timezone.now() - timedelta(**(ago or {"hours": 1}))
    Resource.objects.filter(pk=row.pk).update(became_public_at=at)
    return row


def dying(title: str, **ago: float) -> Resource:
    row = published(title, days=100)
    at = timezone.now() - timedelta(**(ago or {"hours": 1}))
    Resource.objects.filter(pk=row.pk).update(dht_status=DhtStatus.STALE, dht_changed_at=at)
    return row


def test_it_tells_what_was_published_what_is_dying_and_what_needs_care(stands, mails, configure):
    configure(public_baseurl="https://site.example/", deploy_mode="integrated")
    published("Debian 13 & more")
    published("Long ago", days=9)
    dying("Old film")
    dying("Gone for long", days=9)
    stands(BAD)

    written = digest.send()
    sending.send_due()

    assert written == 1
    [mail] = mails.messages
    text, html = (part.get_payload(decode=True).decode() for part in list(mail.walk())[1:])
    for said in ("Debian 13 & more", "Old film", "DHT: no node answers", "open the firewall"):
        assert said in text
    assert "Debian 13 &amp; more" in html
    assert "https://site.example/resources/" in text
    assert ("Long ago" in text, "Gone for long" in text) == (False, False)


def test_an_empty_one_is_not_sent(stands, mails):
    assert digest.send() == 0
    assert not Delivery.objects.exists()
    assert AlertWatch.objects.get().digest_until


def test_the_same_span_is_told_once(stands, mails):
    published("Debian 13")

    first, second = digest.send(), digest.send()
    AlertWatch.objects.update(digest_until=timezone.now() - timedelta(minutes=45))
    third = digest.send()

    assert (first, second, third) == (1, 0, 0)


def test_the_next_one_begins_where_the_last_one_ended(stands, mails):
    AlertWatch.objects.create(digest_until=timezone.now() - timedelta(days=10))
    published("In between", days=9)

    assert digest.send() == 1


def test_many_are_counted(stands, mails, monkeypatch):
    monkeypatch.setattr(contents, "LISTED", 2)
    for number in range(5):
        published(f"Film {number}")

    digest.send()

    text = Delivery.objects.get().text
    assert (text.count("* Film"), "and 3 more" in text) == (2, True)


def test_it_is_written_in_the_language_that_is_configured(stands, mails, configure):
    configure(message_language="zh-hans")
    published("Debian 13")

    digest.send()

    row = Delivery.objects.get()
    assert "Published" not in row.text
    assert 'lang="zh-hans"' in row.html


def test_nobody_to_read_it_loses_nothing(stands):
    published("Debian 13")

    assert digest.send() == 0
    assert AlertWatch.objects.get().digest_until is None


@pytest.mark.parametrize(
    ("how_often", "minutes"), [("daily", [1440]), ("weekly", [10080]), ("off", [])]
)
def test_it_is_scheduled_as_it_is_configured(configure, how_often, minutes):
    configure(digest=how_often)

    found = [each.minutes for each in schedules.entries() if each.name == "send the digest"]

    assert found == minutes


def test_the_task_says_for_how_many_it_was_written(stands, mails):
    published("Debian 13")

    assert tasks.send_digest() == {"code": "operations.digest_written", "params": {"number": 1}}
