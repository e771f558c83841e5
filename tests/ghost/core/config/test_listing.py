"""The configuration as people read it."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from ghost.core.config import env, listing
from ghost.core.config.values import BASE_DIR, is_secret, may_hold_password


def test_describe_masks_secrets(monkeypatch):
    monkeypatch.setenv("GHOST_SECRET_KEY", "very-secret-key" * 3)
    monkeypatch.setenv("GHOST_TOKEN_PEPPER", "very-secret-pepper" * 3)

    told = " ".join(row.value for row in listing.describe(env.load()))

    assert "very-secret" not in told


SECRET = "hunter2-" * 5
WITH_PASSWORD = [f"https://ada:{SECRET}@host.example/a.git", f"x://{SECRET}/{SECRET}@host.example"]


def _told(monkeypatch, field, value):
    """What is shown of that variable where it is in force, or told where it can't be."""
    monkeypatch.setenv(env.variable(field), value)
    try:
        return " ".join(row.value for row in listing.describe(env.load()))
    except env.ConfigError as error:
        return " ".join(error.problems)


@pytest.mark.parametrize("field", [f for f, i in env.Env.model_fields.items() if is_secret(i)])
def test_no_secret_is_ever_shown_or_told(monkeypatch, field):
    for value in (SECRET, SECRET[:7], *WITH_PASSWORD):
        assert value not in _told(monkeypatch, field, value)


@pytest.mark.parametrize(
    "field", [f for f, i in env.Env.model_fields.items() if may_hold_password(i)]
)
def test_no_password_in_an_address_is_ever_shown_or_told(monkeypatch, field):
    for value in WITH_PASSWORD:
        assert SECRET not in _told(monkeypatch, field, value)


NO_SECRET = {
    "secrets_dir": "a folder",
    "events_streams_per_token": "a number",
    "public_baseurl": "what everybody sees",
    "age_bin": "the name of a program",
    "age_recipient": "a public key",
    "age_identity_file": "the path of a file",
}
"""What sounds like a secret and is none."""


def test_what_sounds_like_a_secret_is_marked_as_one():
    sounds = re.compile(
        r"secret|pepper|salt|token|pass(word|phrase)|credential|(^|_)keys?(_|$)|dsn|^age_|urls?$"
    )
    named = {f: i for f, i in env.Env.model_fields.items() if sounds.search(f)}

    unmarked = {f for f, i in named.items() if not is_secret(i) and not may_hold_password(i)}

    assert unmarked == set(NO_SECRET)


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
