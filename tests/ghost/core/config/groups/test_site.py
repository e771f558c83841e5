"""What the site is called and where it is served."""

import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GHOST_SITE_TITLE", "Ghost\nBcc: eve@example.org"),
        ("GHOST_SITE_TITLE", "\u200b"),
        ("GHOST_SITE_LANGUAGES", "en,fr"),
        ("GHOST_SITE_LANGUAGES", "en,en"),
        ("GHOST_SITE_LANGUAGES", ","),
        ("GHOST_PUBLIC_BASEURL", "repo/"),
        ("GHOST_PUBLIC_BASEURL", "ftp://host.example/"),
        ("GHOST_PUBLIC_BASEURL", "https://host.example/?q=x"),
        ("GHOST_PUBLIC_BASEURL", "https://ada@host.example/"),
        ("GHOST_PUBLIC_BASEURL", "https://host.example:x/"),
    ],
)
def test_titles_languages_and_addresses_are_checked(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [name]
