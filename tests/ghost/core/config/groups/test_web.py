"""How the admin and the API may be reached."""

import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("GHOST_ALLOWED_HOSTS", "good.example,https://x.example"),
        ("GHOST_CSRF_TRUSTED_ORIGINS", "admin.example"),
        ("GHOST_CSRF_TRUSTED_ORIGINS", "https://admin.example/path"),
        ("GHOST_REQUEST_TIMEOUT_S", "0"),
    ],
)
def test_hosts_and_origins_are_checked(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [name]
