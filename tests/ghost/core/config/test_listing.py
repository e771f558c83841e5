"""The configuration as people read it."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from ghost.core.config import env, listing
from ghost.core.config.values import BASE_DIR


def test_describe_masks_secrets(monkeypatch):
    monkeypatch.setenv("GHOST_SECRET_KEY", "very-secret-key" * 3)
    monkeypatch.setenv("GHOST_TOKEN_PEPPER", "very-secret-pepper" * 3)

    told = " ".join(row.value for row in listing.describe(env.load()))

    assert "very-secret" not in told


def test_credentials_in_an_address_are_never_shown(monkeypatch):
    monkeypatch.setenv("GHOST_PAGES_REMOTE_URL", "https://ada:t0ken@host.example/site.git")

    told = {row.name: row.value for row in listing.describe(env.load())}
    monkeypatch.setenv("GHOST_PAGES_REMOTE_URL", "ftp://ada:t0ken@host.example/site.git")
    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert told["GHOST_PAGES_REMOTE_URL"] == "https://***@host.example/site.git"
    assert "t0ken" not in "".join(caught.value.problems)


def test_env_example_is_generated_and_complete():
    committed = (BASE_DIR / ".env.example").read_text()

    assert committed == listing.example(), "run `make env-example`"
    named = set(re.findall(r"^#(\w+)=", committed, re.MULTILINE))
    assert named == {env.variable(field) for field in env.Env.model_fields}


def test_env_example_is_in_english_whoever_makes_it():
    with translation.override("zh-hans"):
        assert "# ==== Web server ====" in listing.example()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "1"),
        (("a", "b"), "a,b"),
        (20.0, "20"),
        (BASE_DIR / "var/x", "var/x"),
        (Path("/elsewhere"), "/elsewhere"),
    ],
)
def test_values_are_written_as_in_an_env_file(value, text):
    assert listing.as_text(value) == text
