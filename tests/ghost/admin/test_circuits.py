"""What is left alone after failures, in the admin."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ

from ghost.core import circuits
from ghost.core.audit.models import AuditEvent
from ghost.core.circuits import Circuit, Kind
from ghost.core.text.reasons import words
from tests import operators

pytestmark = pytest.mark.django_db


def opened(kind: Kind = Kind.COVER_HOST, name: str = "dead.example") -> Circuit:
    for _ in range(3):
        circuits.failed(kind, name, words("It came too slowly."))
    Circuit.objects.update(waiting=12)
    return Circuit.objects.get(kind=kind, name=name)


def test_operators_see_what_is_left_alone_and_have_it_tried_again():
    browser, row = operators.client("Operator"), opened()

    page = browser.get(operators.list_of("ghost_circuit")).content.decode()
    answer = operators.act(browser, "ghost_circuit", "try_again", row)
    again = operators.act(browser, "ghost_circuit", "try_again", row)

    row.refresh_from_db()
    shown = ("dead.example", "cover host", "left alone", "It came too slowly.", "12")
    assert [part in page for part in shown] == [True] * 5
    assert operators.told(answer) == ["1 circuit closed."]
    assert operators.told(again) == ["1 circuit closed.", "0 circuits closed."]
    assert (row.failures, row.open_until, row.state) == (0, None, "closed")
    [event] = AuditEvent.objects.filter(action="circuit.reset")
    assert (event.actor_name, event.object_name) == ("operator", "cover_host dead.example")


@pytest.mark.parametrize(
    ("kind", "tasks"),
    [
        (Kind.COVER_HOST, ["builds.tasks.localize_covers"]),
        (Kind.DEPLOY_TARGET, ["builds.deploy.tasks.deploy_now"]),
        (Kind.TRACKER, []),
    ],
)
def test_what_waits_for_it_goes_on_at_once(django_capture_on_commit_callbacks, kind, tasks):
    browser, row = operators.client("Operator"), opened(kind)

    with django_capture_on_commit_callbacks(execute=True):
        operators.act(browser, "ghost_circuit", "try_again", row)

    assert [entry.func() for entry in OrmQ.objects.all()] == tasks


@pytest.mark.parametrize("group", ["Viewer", "Moderator"])
def test_others_have_nothing_tried_again(group):
    browser, row = operators.client(group), opened()

    seen = browser.get(operators.list_of("ghost_circuit"))
    operators.act(browser, "ghost_circuit", "try_again", row)

    row.refresh_from_db()
    assert (seen.status_code, row.failures) == (200, 3)


def test_what_failed_long_ago_is_found_by_its_kind():
    browser = operators.client("Viewer")
    opened()
    opened(Kind.MAIL, "mail.example:25")

    page = browser.get(operators.list_of("ghost_circuit") + "?kind__exact=mail").content.decode()

    assert ("mail.example:25" in page, "dead.example" in page) == (True, False)
