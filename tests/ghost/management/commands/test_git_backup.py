"""manage.py git_backup."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests import make
from tests.ghost.operations.git_backup.conftest import folder, remote  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db


def run() -> tuple[dict, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("git_backup", stdout=out, stderr=err)
    return json.loads(out.getvalue()), err.getvalue()


def test_it_says_what_it_did(folder, remote):  # noqa: F811
    make.resource()

    told, said = run()

    assert (told["resources"], told["is_new"], told["is_pushed"]) == (1, True, True)
    assert f"1 resource, commit {told['commit'][:10]}" in said
    assert f"pushed to {remote}" in said


def test_switched_off_it_says_what_to_set():
    with pytest.raises(CommandError, match="GHOST_GIT_BACKUP_ENABLED=1"):
        run()
