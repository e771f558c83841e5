"""Where the catalog is committed and pushed to."""

from __future__ import annotations

import pytest

from ghost.core.config import env
from ghost.core.config.values import BASE_DIR


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DIR", str(BASE_DIR), "must not be the folder of Ghost itself"),
        ("DIR", "/", "must not be the folder of Ghost itself"),
        ("DIR", "var/site-workdir/git", "must lie outside GHOST_SITE_WORKDIR"),
        ("REMOTE", "-oProxyCommand=x", "must be https://"),
        ("REMOTE", "ext::sh -c x", "must be https://"),
        ("BRANCH", "a..b", "is no name for a branch"),
        ("BRANCH", "gh-pages", "must be another branch than GHOST_PAGES_BRANCH"),
        ("RETRIES", "-1", "greater than or equal to 0"),
        ("AT", "04:00", "must have five fields"),
    ],
)
def test_what_can_t_be_is_refused(monkeypatch, name, value, told):
    monkeypatch.setenv("GHOST_SITE_WORKDIR", "var/site-workdir")
    monkeypatch.setenv("GHOST_PAGES_REMOTE_URL", "/srv/site.git")
    monkeypatch.setenv("GHOST_GIT_BACKUP_REMOTE", "/srv/site.git")
    monkeypatch.setenv(f"GHOST_GIT_BACKUP_{name}", value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert f"GHOST_GIT_BACKUP_{name}: " in str(caught.value)
    assert told in str(caught.value)
