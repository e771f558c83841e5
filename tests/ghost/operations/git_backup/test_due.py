"""When one is made besides its schedule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from ghost.core import circuits
from ghost.core.circuits import Kind
from ghost.core.text.reasons import words
from ghost.operations.git_backup import due
from ghost.operations.git_backup.models import GitBackup
from tests import make

pytestmark = pytest.mark.django_db


def ran(ended_ago: timedelta = timedelta(hours=1), *, fails: bool = False) -> GitBackup:
    """One that ended so long ago."""
    row = GitBackup.begin()
    row.succeed(commit="ab" * 20, resources=1, is_pushed=True)
    if fails:
        row.fail(words("no route"))
    ended_at = timezone.now() - ended_ago
    GitBackup.objects.update(began_at=ended_at, as_of=ended_at, ended_at=ended_at)
    return row


def test_the_first_one_is_made_at_once_and_asked_for_once(folder):
    due.ask()
    due.ask()

    assert [message.func() for message in OrmQ.objects.all()] == [due.TASK]
    assert OrmQ.objects.get().task["group"] == due.SCHEDULE


def test_switched_off_nothing_is_asked_for():
    due.ask()

    assert not OrmQ.objects.exists()


def test_nothing_is_due_where_nothing_failed(folder):
    ran()

    assert not due.is_due()


@pytest.mark.parametrize("is_on", [True, False])
def test_a_takedown_goes_out_at_once_also_without_the_scheduler(folder, configure, is_on):
    ran()
    configure(enable_scheduler=is_on)
    make.resource().take_down(reason="Asked.", by="olga")

    assert due.is_due()


@pytest.mark.parametrize(("ago", "expected"), [(10, False), (90, True)])
def test_one_that_failed_is_tried_again_after_a_pause(folder, ago, expected):
    ran(timedelta(seconds=ago), fails=True)

    assert due.is_due() == expected


def test_a_remote_that_is_left_alone_is_not_asked(folder, configure):
    configure(git_backup_remote="/srv/remote.git")
    ran(fails=True)
    for _ in range(3):
        circuits.failed(Kind.GIT_BACKUP, "/srv/remote.git", words("no route"))

    assert not due.is_due()
