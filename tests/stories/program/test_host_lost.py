"""The machine is gone: a backup is restored on an empty one, with one command."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pyrage
import pytest

from tests.installation import Installation

pytestmark = pytest.mark.slow
PEPPER = "a pepper that only the environment knew, of 40 characters"


def test_tokens_open_on_an_empty_machine_though_the_pepper_was_a_variable(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(identity))
    with Installation(
        tmp_path / "old", GHOST_TOKEN_PEPPER=PEPPER, GHOST_AGE_RECIPIENT=str(identity.to_public())
    ) as old:
        (old.folder / "metadata").mkdir(exist_ok=True)
        (old.folder / "metadata" / "a.json").write_text("{}")
        archive = old.manage("backup", "create")
    new = Installation(tmp_path / "new", GHOST_AGE_IDENTITY_FILE=str(tmp_path / "key.txt"))

    told = new.manage("backup", "restore", archive)

    assert "is restored: start web and worker" in told
    assert (new.folder / "secrets" / "token_pepper").read_text() == PEPPER
    assert (new.folder / "metadata" / "a.json").read_text() == "{}"
    assert new.rows("SELECT token_hash FROM teams_token") == old.rows(
        "SELECT token_hash FROM teams_token"
    )
    assert "ghost.db.replaced" not in told
    with closing(sqlite3.connect(new.folder / "ghost.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
