"""Where the site may be deployed to."""

import pytest

from ghost.core.config import env


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("PAGES_REMOTE_URL", "https://github.com/ada/site.git", True),
        ("PAGES_REMOTE_URL", "https://ada:t0ken@host.example/site.git", True),
        ("PAGES_REMOTE_URL", "ssh://git@host.example:22/site.git", True),
        ("PAGES_REMOTE_URL", "git@host.example:ada/site.git", True),
        ("PAGES_REMOTE_URL", "file:///srv/site.git", True),
        ("SITE_REPO_URL", "/srv/my sites/site.git", True),
        ("PAGES_REMOTE_URL", "ext::sh -c true", False),
        ("PAGES_REMOTE_URL", "ext::sh", False),
        ("PAGES_REMOTE_URL", "--upload-pack=x", False),
        ("PAGES_REMOTE_URL", "-oProxyCommand=x:y", False),
        ("PAGES_REMOTE_URL", "ssh://-oProxyCommand=x/y", False),
        ("PAGES_REMOTE_URL", "-x@host.example:y", False),
        ("PAGES_REMOTE_URL", "ssh://git@-oProxyCommand=x/y", False),
        ("PAGES_REMOTE_URL", "git@-oProxyCommand=x:y", False),
        ("DEPLOY_TARGET", "ada@-oProxyCommand=x:/srv", False),
        ("DEPLOY_TARGET", "rsync://-oProxyCommand=x/srv", False),
        ("DEPLOY_TARGET", "/srv/@-site", True),
        ("PAGES_REMOTE_URL", "http://host.example/site.git", False),
        ("PAGES_REMOTE_URL", "git://host.example/site.git", False),
        ("PAGES_REMOTE_URL", "relative/site.git", False),
        ("SITE_REPO_URL", "https://host.example/a\nb", False),
        ("PAGES_BRANCH", "sites/main", True),
        ("PAGES_BRANCH", "-f", False),
        ("PAGES_BRANCH", "a..b", False),
        ("PAGES_BRANCH", "a:b", False),
        ("PAGES_BRANCH", "a/.b", False),
        ("PAGES_BRANCH", "a.lock", False),
        ("PAGES_CNAME", "Catalog.example.org", True),
        ("PAGES_CNAME", "https://catalog.example.org", False),
        ("PAGES_CNAME", "localhost", False),
        ("PAGES_GIT_USER_NAME", "Ada <x>", False),
        ("PAGES_GIT_USER_EMAIL", "a\nb", False),
        ("DEPLOY_TARGET", "/srv/site", True),
        ("DEPLOY_TARGET", "ada@host.example:/srv/site", True),
        ("DEPLOY_TARGET", "rsync://host.example:8730/module/sub", True),
        ("DEPLOY_TARGET", "rsync://ada:t0ken@host.example/module", False),
        ("DEPLOY_TARGET", "-e sh", False),
        ("DEPLOY_TARGET", "-x:y", False),
        ("DEPLOY_TARGET", "https://host.example/", False),
        ("DEPLOY_TARGET", "/", False),
        ("DEPLOY_TARGET", "var/site-workdir/public", False),
        ("SITE_LIMITS", "cloudflare-pages", True),
        ("SITE_LIMITS", "geocities", False),
        ("DEPLOY_MAX_DELETE_PERCENT", "101", False),
    ],
)
def test_where_to_deploy_is_checked(monkeypatch, name, value, is_taken):
    monkeypatch.setenv("GHOST_SITE_WORKDIR", "var/site-workdir")
    monkeypatch.setenv(f"GHOST_{name}", value)

    if is_taken:
        env.load()
        return
    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [f"GHOST_{name}"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Catalog.example.org", "catalog.example.org"),
        ("目录.example", "xn--w2t383c.example"),
        ("catalog.localhost", "catalog.localhost"),
    ],
)
def test_the_sites_own_name_is_put_as_browsers_send_it(monkeypatch, given, name):
    monkeypatch.setenv("GHOST_DEPLOY_MODE", "integrated")
    monkeypatch.setenv("GHOST_SITE_HOST", given)

    assert env.load().site_host == name


@pytest.mark.parametrize(
    ("given", "more", "told"),
    [
        ("https://catalog.example.org", {}, "without scheme"),
        ("catalog.example.org:8000", {}, "without scheme, port"),
        ("catalog.example.org/", {}, "and path"),
        ("10.0.0.1", {}, "host name"),
        ("a..b", {}, "host name"),
        ("catalog.example.org", {"GHOST_DEPLOY_MODE": "standard"}, "GHOST_DEPLOY_MODE=integrated"),
        ("github-pages", {"GHOST_DEPLOY_MODE": "standard"}, "host name"),
        ("admin.example.org", {"GHOST_ALLOWED_HOSTS": "Admin.example.org:8000"}, "GHOST_ALLOWED_HOSTS"),
        ("catalog.example.org", {"GHOST_CSRF_TRUSTED_ORIGINS": "https://catalog.example.org"}, "not be trusted"),
        ("catalog.example.org", {"GHOST_CSRF_TRUSTED_ORIGINS": "https://*.example.org:444"}, "not be trusted"),
    ],
)  # fmt: skip
def test_what_can_not_be_the_sites_own_name_is_refused(monkeypatch, given, more, told):
    for name, value in (
        {"GHOST_DEPLOY_MODE": "integrated", "GHOST_SITE_HOST": given} | more
    ).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(env.ConfigError, match=told):
        env.load()
