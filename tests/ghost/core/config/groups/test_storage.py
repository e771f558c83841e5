"""Which database holds the catalog."""

import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GHOST_DATABASE_URL", "mysql://host/ghost"),
        ("GHOST_DB_PATH", "ghost"),
        ("GHOST_KEEP_DAYS", "0"),
    ],
)
def test_database_is_an_address_or_a_file(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [name]
