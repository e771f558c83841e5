"""How the git backup stands."""

from __future__ import annotations

import pytest

from ghost.core.text.reasons import words
from ghost.operations.git_backup.models import GitBackup
from tests.ghost.operations.figures.moments import item, told

pytestmark = pytest.mark.django_db


def test_it_is_off_then_not_made_then_made_then_failed_then_well_again(configure):
    off = told("git_backup")
    configure(git_backup_enabled=True)
    none = told("git_backup")
    row = GitBackup.begin()
    row.succeed(commit="ab" * 20, resources=7, is_pushed=True)
    made, counts = told("git_backup"), item("git_backup").counts
    row.fail(words("no route"))
    failed, error = told("git_backup"), str(item("git_backup").last_error)
    row.succeed(commit="cd" * 20, resources=7, is_pushed=False)

    assert (off, none, made) == (
        ("ok", "git_backup.off"), ("unknown", "git_backup.none"), ("ok", "git_backup.done"),
    )  # fmt: skip
    assert (counts["resources"], counts["is_pushed"]) == (7, 1)
    assert (failed, error) == (("degraded", "git_backup.failed"), "no route")
    assert told("git_backup") == ("ok", "git_backup.local")
