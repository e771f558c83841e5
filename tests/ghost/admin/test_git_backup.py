"""Operators look at the git backup, and have one made."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django_q.models import OrmQ

from ghost.core.audit.models import AuditEvent
from ghost.core.text.reasons import words
from ghost.operations import schedules
from ghost.operations.git_backup import due, reasons
from ghost.operations.git_backup.models import GitBackup
from tests import operators

pytestmark = pytest.mark.django_db

PAGE = "ghost_gitbackup"
REMOTE = "https://ada:hunter2secret@git.example.org/catalog.git"


@pytest.fixture
def is_on(configure) -> None:
    """Switched on, with a remote that has a password."""
    configure(git_backup_enabled=True, git_backup_remote=REMOTE)
    schedules.sync()


def ended(*, error: str = "") -> None:
    """A run with a commit, which was pushed unless it failed."""
    row = GitBackup.begin()
    found = {"commit": "ab" * 20, "resources": 3, "notes": [reasons.UNLOCKED().plain()]}
    if error:
        row.fail(words(error), **found)
    else:
        row.succeed(is_pushed=True, **found)


def shown(group: str = "Viewer") -> str:
    return str(operators.client(group).get(operators.list_of(PAGE)).content.decode())


@pytest.mark.parametrize(
    ("error", "told"),
    [("", "in order"), ("no route to that host", "that commit is not pushed yet")],
)
def test_it_tells_of_the_last_commit_push_and_error_and_no_password(is_on, error, told):
    ended(error=error)

    page = shown()

    for each in (told, error, "ab" * 20, "3 resources", "locks of a git", "git.example.org"):
        assert each in page, each
    assert "hunter2secret" not in page
    assert "&lt;time" not in page


@pytest.mark.parametrize("is_begun", [False, True])
def test_before_the_first_has_ended_it_says_so(is_on, is_begun):
    if is_begun:
        GitBackup.begin()

    assert ("under way" if is_begun else "not yet") in shown()


def test_switched_off_it_says_how_to_switch_it_on():
    page = shown("Operator")

    assert "GHOST_GIT_BACKUP_ENABLED=1" in page
    assert "Back up to git now" not in page


def test_an_operator_has_one_made_once_and_that_is_on_record(is_on):
    browser, address = operators.client("Operator"), reverse("admin:ghost_gitbackup_run")
    page = browser.get(operators.list_of(PAGE)).content.decode()

    answers = [browser.post(address) for _ in range(2)]

    assert "Back up to git now" in page
    assert [answer.status_code for answer in answers] == [302, 302]
    assert [message.func() for message in OrmQ.objects.all()] == [due.TASK]
    assert "It waits in the queue already." in operators.told(answers[1])[-1]
    assert AuditEvent.objects.filter(action="schedule.run").count() == 1


def test_viewers_have_none_made_and_looking_makes_none(is_on):
    address = reverse("admin:ghost_gitbackup_run")

    assert operators.client("Viewer").post(address).status_code == 403
    assert operators.client("Operator").get(address).status_code == 405
    assert OrmQ.objects.count() == 0
