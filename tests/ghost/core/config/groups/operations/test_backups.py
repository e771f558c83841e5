"""Who can read backups."""

import subprocess

import pyrage
import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GHOST_AGE_RECIPIENT", "AGE-SECRET-KEY-1"),
        ("GHOST_AGE_RECIPIENT", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"),
        ("GHOST_AGE_RECIPIENT", "ssh-ed25519 AAAA nobody@nowhere"),
        ("GHOST_AGE_RECIPIENT", "ssh-dss AAAAB3NzaC1kc3MAAACB"),
        ("GHOST_AGE_BIN", "no-such-age"),
        ("GHOST_AGE_IDENTITY_FILE", "README.md"),
        ("GHOST_AGE_IDENTITY_FILE", "nowhere/key.txt"),
        ("GHOST_BACKUP_KEEP", "0"),
    ],
)
def test_keys_of_backups_are_checked(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [name]


@pytest.mark.parametrize("kind", ["age", "ed25519", "rsa", "plugin"])
def test_keys_that_can_be_used_are_taken(monkeypatch, tmp_path, kind):
    if kind == "age":
        recipient = str(pyrage.x25519.Identity.generate().to_public())
    elif kind == "plugin":  # which the program of that name knows, and the library does not
        recipient = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"
        monkeypatch.setenv("GHOST_AGE_BIN", "true")
    else:
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / "key"]
        subprocess.run(command, check=True)
        recipient = (tmp_path / "key.pub").read_text().strip()
        monkeypatch.setenv("GHOST_AGE_IDENTITY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("GHOST_AGE_RECIPIENT", recipient)

    assert env.load().age_recipient == recipient
