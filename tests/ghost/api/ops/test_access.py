"""Who may use the room: Admins' tokens, and operators by their session."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ghost.core.audit.models import ActorKind, AuditEvent
from ghost.core.jobs import pause
from tests import make, operators

pytestmark = pytest.mark.django_db

READ, WRITE = "/api/ops/queues", "/api/ops/queues/pause"


def strict(group: str | None) -> Client:
    """A browser that is asked for its token against forgery."""
    browser = operators.client(group)
    browser.handler.enforce_csrf_checks = True
    return browser


def csrf_token(browser: Client) -> str:
    browser.get("/admin/")
    return browser.cookies["csrftoken"].value


@pytest.mark.parametrize("group", ["Viewer", "Moderator", "Operator", None])
def test_any_operator_reads(group):
    assert operators.client(group).get(READ).status_code == 200


@pytest.mark.parametrize(
    ("group", "status"), [("Viewer", 403), ("Moderator", 403), ("Operator", 200), (None, 200)]
)
def test_members_of_the_group_operator_write_with_a_token_against_forgery(group, status):
    browser = strict(group)
    headers = {"X-CSRFToken": csrf_token(browser)}

    answer = browser.post(WRITE, headers=headers)

    assert answer.status_code == status
    assert pause.is_paused() is (status == 200)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRFToken": "a" * 32},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_another_sites_page_sends_changes_nothing(headers):
    browser = strict("Operator")
    token = csrf_token(browser)
    known = {"X-CSRFToken": token} if "Sec-Fetch-Site" in headers else {}

    answer = browser.post(WRITE, headers={**known, **headers})

    assert (answer.status_code, pause.is_paused()) == (403, False)


def test_a_person_who_may_not_use_the_admin_is_a_stranger():
    browser = operators.client("Operator")
    User.objects.update(is_staff=False)

    assert browser.get(READ).status_code == 401


def test_a_token_counts_alone_where_both_come():
    """A Publisher's token is not made an operator's by the cookie beside it."""
    browser = operators.client("Operator")

    answers = [browser.get(READ, **make.auth(make.publisher())).status_code]
    answers.append(browser.post(WRITE, **make.auth(make.publisher())).status_code)

    assert (answers, pause.is_paused()) == ([403, 403], False)


def test_the_trail_names_the_operator():
    operators.client("Operator").post(WRITE)

    event = AuditEvent.objects.get(action="queue.pause")
    assert (event.actor_kind, event.actor_name) == (ActorKind.OPERATOR, "operator")
