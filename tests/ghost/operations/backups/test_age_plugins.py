"""GHOST_AGE_BIN: recipients that only a plugin of the program `age` knows (C2SP's age-plugin protocol)."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
from django.conf import settings

from ghost.core.config import env
from ghost.core.errors import RefusedError
from ghost.operations import backups, checks
from ghost.operations.backups import encryption, proof

RECIPIENT, IDENTITY = "age1test10qdmzv9q", "AGE-PLUGIN-TEST-10Q32NLXM"
PLUGIN = """#!{python}
import base64
import sys


def read():
    line = sys.stdin.readline().split()[1:]
    body = ""
    while True:
        part = sys.stdin.readline().strip()
        body += part
        if len(part) < 64:
            return line, body


def send(*words, body=""):
    print("->", *words, flush=True)
    print(body, flush=True)


def turned(text):
    return base64.b64encode(base64.b64decode(text + "==")[::-1]).decode().rstrip("=")


state, stanzas = sys.argv[1].removeprefix("--age-plugin="), []
while (got := read())[0][0] != "done":
    stanzas.append(got)
if state == "recipient-v1":
    key = next(body for words, body in stanzas if words[0] == "wrap-file-key")
    send("recipient-stanza", "0", "test", body=turned(key))
else:
    key = next(body for words, body in stanzas if words[0] == "recipient-stanza" and words[2] == "test")
    send("file-key", "0", body=turned(key))
read()
send("done")
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch) -> Path:
    """A plugin on the path that hides keys badly, and the file of an identity for it."""
    program = tmp_path / "bin" / "age-plugin-test"
    program.parent.mkdir()
    program.write_text(PLUGIN.replace("{python}", sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    key = tmp_path / "key.txt"
    key.write_text(f"{IDENTITY}\n")
    return key


def test_what_a_plugin_encrypts_it_decrypts(plugin, configure, tmp_path):
    configure(age_bin="age", age_recipient=RECIPIENT, age_identity_file=plugin)
    plain, sealed, opened = (tmp_path / name for name in ("plain", "sealed", "opened"))
    plain.write_bytes(b"catalog")

    encryption.encrypt(plain, sealed)
    encryption.decrypt(sealed, opened)

    assert b"-> test" in sealed.read_bytes()
    assert opened.read_bytes() == b"catalog"


def test_without_the_plugin_age_says_what_is_missing(configure, tmp_path):
    configure(age_bin="age", age_recipient=RECIPIENT)
    (tmp_path / "plain").write_bytes(b"catalog")

    with pytest.raises(RefusedError, match="age-plugin-test"):
        encryption.encrypt(tmp_path / "plain", tmp_path / "sealed")


@pytest.mark.parametrize("does", ["true", 'touch "${3#*=}"', 'cp "$4" "${3#*=}"'])
def test_a_program_that_says_yes_and_encrypts_nothing_makes_no_backup(configure, tmp_path, does):
    (tmp_path / "wrapper").write_text(f"#!/bin/sh\n{does}\n")
    (tmp_path / "wrapper").chmod(0o755)
    configure(age_bin=str(tmp_path / "wrapper"), age_recipient=RECIPIENT)
    (tmp_path / "plain").write_bytes(b"catalog")

    with pytest.raises(RefusedError, match="wrote no file of age"):
        encryption.encrypt(tmp_path / "plain", tmp_path / "sealed")


def test_a_key_that_only_a_plugin_knows_needs_the_program(plugin, monkeypatch):
    monkeypatch.setenv("GHOST_AGE_RECIPIENT", RECIPIENT)
    with pytest.raises(env.ConfigError, match="GHOST_AGE_RECIPIENT"):
        env.load()

    monkeypatch.setenv("GHOST_AGE_BIN", "age")
    monkeypatch.setenv("GHOST_AGE_IDENTITY_FILE", str(plugin))
    assert env.load().age_recipient == RECIPIENT


@pytest.fixture
def place(configure, tmp_path) -> Path:
    """A small installation."""
    configure(
        database_url="", db_path=tmp_path / "db" / "ghost.db", secrets_dir=tmp_path / "secrets"
    )
    for name in ("db", "secrets"):
        (tmp_path / name).mkdir()
    with closing(sqlite3.connect(tmp_path / "db" / "ghost.db")) as live:
        live.execute("CREATE TABLE resources_resource (id INTEGER)")
    return tmp_path


def test_a_plugin_serves_from_create_to_restore_and_doctor_tries_it(place, plugin, configure):
    configure(age_bin="age", age_recipient=RECIPIENT, age_identity_file=plugin)

    made = backups.write()
    listed, found = backups.list_all(), proof.prove(made.path)
    backups.restore(made.path)

    assert b"-> test" in made.path.read_bytes()
    assert [each.is_encrypted for each in listed] == [True]
    assert found.files == 3  # with both keys
    assert (place / "secrets" / "token_pepper").read_text() == settings.TOKEN_PEPPER
    assert list(checks.backup_folder()) == []


def test_doctor_tells_of_a_key_that_would_not_open_the_next_backup(place, configure, tmp_path):
    to, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(other))
    configure(age_recipient=str(to.to_public()), age_identity_file=tmp_path / "key.txt")

    (problem,) = checks.backup_folder()

    assert problem.id == "ghost.E017"
    assert "can't be decrypted" in problem.msg
    assert problem.hint


def test_doctor_tells_of_a_plugin_that_is_missing(place, configure):
    configure(age_bin="age", age_recipient=RECIPIENT)

    (problem,) = checks.backup_folder()

    assert "age-plugin-test" in problem.msg


@pytest.mark.parametrize("age_bin", ["", "age"])
def test_any_of_several_keys_opens_a_backup(place, configure, tmp_path, age_bin):
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    given = ", ".join(str(key.to_public()) for key in keys)
    configure(age_bin=age_bin, age_recipient=given)

    made = backups.write()

    for key in keys:
        assert pyrage.decrypt(made.path.read_bytes(), [key])


def test_each_of_several_keys_is_looked_at_when_it_starts(monkeypatch):
    good = str(pyrage.x25519.Identity.generate().to_public())
    monkeypatch.setenv("GHOST_AGE_RECIPIENT", f"{good},{good[:-1]}x")

    with pytest.raises(env.ConfigError, match="GHOST_AGE_RECIPIENT"):
        env.load()
