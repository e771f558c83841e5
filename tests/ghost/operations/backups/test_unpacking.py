"""Reading an archive whole: to its very end."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pyrage
import pytest

from ghost.core.errors import RefusedError
from ghost.operations import backups


@pytest.fixture
def made(configure, tmp_path) -> Path:
    """A small backup."""
    configure(database_url="", db_path=tmp_path / "ghost.db", secrets_dir=tmp_path / "secrets")
    with closing(sqlite3.connect(tmp_path / "ghost.db")) as live:
        live.execute("CREATE TABLE resources_resource (id INTEGER)")
    return backups.write().path


def cut(body: bytes) -> bytes:
    """Without gzip's end: every file is there."""
    return body[:-9]


def with_another_checksum(body: bytes) -> bytes:
    return body[:-8] + bytes(4) + body[-4:]


def with_more_behind(body: bytes) -> bytes:
    return body + b"more"


def with_more_packed_behind(body: bytes) -> bytes:
    return body + gzip.compress(b"more")


def with_endless_zeros(body: bytes) -> bytes:
    return body + gzip.compress(bytes(2 << 20))


@pytest.mark.parametrize(
    "change",
    [cut, with_another_checksum, with_more_behind, with_more_packed_behind, with_endless_zeros],
)
def test_an_archive_that_does_not_end_as_it_should_is_damaged(made, change):
    made.write_bytes(change(made.read_bytes()))

    with pytest.raises(RefusedError, match="is damaged"):
        backups.read_whole(made)


@pytest.mark.parametrize(
    "change", [cut, with_more_behind, lambda body: body[:-100] + bytes(1) + body[-99:]]
)
def test_an_encrypted_archive_that_was_changed_is_damaged(made, configure, tmp_path, change):
    """And so its proof fails, and is not only tried again."""
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(key))
    configure(age_recipient=str(key.to_public()), age_identity_file=tmp_path / "key")
    sealed = backups.write().path
    sealed.write_bytes(change(sealed.read_bytes()))

    with pytest.raises(RefusedError, match="is damaged"):
        backups.read_whole(sealed)


def test_a_tar_that_is_filled_up_with_zeros_is_read(made):
    made.write_bytes(made.read_bytes() + gzip.compress(bytes(10_240)))

    assert backups.read_whole(made).files
