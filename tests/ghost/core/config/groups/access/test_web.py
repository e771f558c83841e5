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


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({}, "http://localhost:8000"),
        ({"port": 80, "allowed_hosts": (".example.org", "*", "a.example")}, "http://a.example:80"),
        ({"behind_tls": True, "allowed_hosts": ("a.example",)}, "https://a.example"),
        ({"csrf_trusted_origins": ("https://*.b.example", "https://b.example")}, "https://b.example"),
        ({"admin_url": "https://c.example", "csrf_trusted_origins": ("https://b.example",)}, "https://c.example"),
    ],
)  # fmt: skip
def test_the_admin_s_address_is_configured(values, address):
    assert env.Env.model_construct(**values).admin_address == address


@pytest.mark.parametrize(
    "value", ["admin.example", "https://a.example/admin", "javascript:alert(1)"]
)
def test_an_address_of_the_admin_has_no_path(monkeypatch, value):
    monkeypatch.setenv("GHOST_ADMIN_URL", value)

    with pytest.raises(env.ConfigError, match="GHOST_ADMIN_URL"):
        env.load()
