"""GHOST_AGE_BIN: recipients that only a plugin of the program `age` knows (C2SP's age-plugin protocol)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ghost.core.config import env
from ghost.core.errors import RefusedError
from ghost.operations.backups import encryption

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


def test_a_key_that_only_a_plugin_knows_needs_the_program(plugin, monkeypatch):
    monkeypatch.setenv("GHOST_AGE_RECIPIENT", RECIPIENT)
    with pytest.raises(env.ConfigError, match="GHOST_AGE_RECIPIENT"):
        env.load()

    monkeypatch.setenv("GHOST_AGE_BIN", "age")
    monkeypatch.setenv("GHOST_AGE_IDENTITY_FILE", str(plugin))
    assert env.load().age_recipient == RECIPIENT
