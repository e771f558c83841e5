import pytest
from django.core import mail
from django.test import RequestFactory
from django_q.models import OrmQ

from ghost.accounts import notices, tasks
from tests.ghost.accounts import people
from tests.results import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing(configure):
    configure(email_url="smtp://mail.example", email_from="ghost@example.org")


def test_a_mail_goes_to_the_address_that_somebody_has_now(mailing):
    person = people.operator()
    person.email = "ann@example.org"
    person.save()

    for _ in range(2):
        told = tasks.send_mail(person.pk, "Subject", "Body")

    assert [message.to for message in mail.outbox] == [["ann@example.org"]] * 2
    assert said(told) == "mail sent"


def test_who_has_gone_gets_none(mailing):
    assert said(tasks.send_mail(99, "Subject", "Body")).startswith("no mail sent")
    assert mail.outbox == []


@pytest.mark.parametrize("what", sorted(notices.SENTENCES))
def test_a_notice_says_what_happened_and_from_where(
    mailing, what, django_capture_on_commit_callbacks
):
    person = people.operator()
    person.email = "ann@example.org"
    request = RequestFactory().get("/", headers={"User-Agent": "Firefox/140.0 Linux"})

    with django_capture_on_commit_callbacks(execute=True):
        notices.send(request, person, what)

    task = OrmQ.objects.get().task
    assert task["func"] == tasks.send_mail
    pk, subject, body = task["args"]
    assert (pk, subject) == (person.pk, "Your account at Ghost was changed")
    assert str(notices.SENTENCES[what]) in body
    assert "127.0.0.1" in body
    assert "Firefox, Linux" in body


def test_without_mail_or_address_nothing_is_queued(configure):
    notices.send(RequestFactory().get("/"), people.operator(), "password_changed")

    assert OrmQ.objects.count() == 0
