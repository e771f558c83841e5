"""Who can read backups."""

import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GHOST_AGE_RECIPIENT", "AGE-SECRET-KEY-1"),
        ("GHOST_AGE_IDENTITY_FILE", "nowhere/key.txt"),
        ("GHOST_BACKUP_KEEP", "0"),
    ],
)
def test_keys_of_backups_are_checked(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [name]
