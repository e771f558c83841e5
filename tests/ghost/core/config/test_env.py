"""The configuration: typed, all mistakes at once, told truly."""

from __future__ import annotations

import io
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from ghost.core.config import env
from ghost.core.config.version import VERSION

ROOT = Path(env.BASE_DIR)


def test_load_reads_types(monkeypatch):
    monkeypatch.setenv("GHOST_DHT_SAMPLE_SIZE", "7")
    monkeypatch.setenv("GHOST_ENABLE_SCHEDULER", "0")
    monkeypatch.setenv("GHOST_SITE_LANGUAGES", "zh-hans, en")
    monkeypatch.setenv("GHOST_PUBLIC_BASEURL", "https://host.example/repo")
    monkeypatch.setenv("GHOST_DB_PATH", "elsewhere/x.db")
    monkeypatch.setenv("GHOST_AGE_RECIPIENT", "")

    loaded = env.load()

    assert loaded.dht_sample_size == 7
    assert loaded.enable_scheduler is False
    assert loaded.site_languages == ("zh-hans", "en")
    assert loaded.public_baseurl == "https://host.example/repo/"
    assert loaded.db_path == ROOT / "elsewhere/x.db"
    assert loaded.age_recipient == ""


def test_load_names_every_mistake_at_once(monkeypatch):
    monkeypatch.setenv("GHOST_DHT_SAMPLE_SIZE", "many")
    monkeypatch.setenv("GHOST_DEPLOY_MODE", "magic")
    monkeypatch.setenv("GHOST_PUBLIC_BASEURL", "ftp://x")
    monkeypatch.setenv("GHOST_DHT_BOOTSTRAP_NODES", "nowhere")
    monkeypatch.setenv("PORT", "99999")
    monkeypatch.setenv("GHOST_ALLOWED_HOSTS", "https://x.example")
    monkeypatch.setenv("GHOST_CSRF_TRUSTED_ORIGINS", "admin.example")
    monkeypatch.setenv("GHOST_AGE_IDENTITY_FILE", "nowhere/key.txt")
    monkeypatch.setenv("GHOST_SITE_TITEL", "misspelt")

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    named = {problem.partition(":")[0] for problem in caught.value.problems}
    assert named == {
        "PORT",
        "GHOST_DHT_SAMPLE_SIZE",
        "GHOST_DEPLOY_MODE",
        "GHOST_PUBLIC_BASEURL",
        "GHOST_DHT_BOOTSTRAP_NODES",
        "GHOST_ALLOWED_HOSTS",
        "GHOST_CSRF_TRUSTED_ORIGINS",
        "GHOST_AGE_IDENTITY_FILE",
        "GHOST_SITE_TITEL",
    }


def test_load_takes_the_environment_before_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("GHOST_SITE_TITLE=From the file\nGHOST_DHT_SAMPLE_SIZE=3\n")
    monkeypatch.setenv("GHOST_ENV_FILE", str(tmp_path / ".env"))
    monkeypatch.setenv("GHOST_SITE_TITLE", "From the environment")

    loaded = env.load()

    assert (loaded.site_title, loaded.dht_sample_size) == ("From the environment", 3)
    sources = {row.name: row.source for row in env.describe(loaded)}
    assert sources["GHOST_SITE_TITLE"] == "environment"
    assert sources["GHOST_DHT_SAMPLE_SIZE"] == ".env"
    assert sources["GHOST_DEPLOY_MODE"] == "default"


def test_describe_masks_secrets(monkeypatch):
    monkeypatch.setenv("GHOST_SECRET_KEY", "very-secret-key" * 3)
    monkeypatch.setenv("GHOST_TOKEN_PEPPER", "very-secret-pepper" * 3)

    told = " ".join(row.value for row in env.describe(env.load()))

    assert "very-secret" not in told


def test_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    loaded = env.load().model_copy(update={"secrets_dir": tmp_path / "secrets"})

    first, second = env.secret(loaded, "secret_key"), env.secret(loaded, "secret_key")

    assert first == second
    assert len(first) >= 50
    assert first != env.secret(loaded, "token_pepper")
    file = tmp_path / "secrets" / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(p.name for p in file.parent.iterdir()) == ["secret_key", "token_pepper"]


def test_load_refuses_a_weak_secret_without_telling_it(monkeypatch):
    monkeypatch.setenv("GHOST_TOKEN_PEPPER", "changeme")

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert caught.value.problems == [
        "GHOST_TOKEN_PEPPER: must have 32 characters at least, at random."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("GHOST_SECRETS_DIR", "{file}/secrets"), ("GHOST_DB_PATH", "{file}/db/ghost.db")],
)
def test_a_folder_that_cannot_be_made_is_told_in_a_line(tmp_path, name, value):
    (tmp_path / "file").touch()

    done = run_manage("config", "validate", **{name: value.format(file=tmp_path / "file")})

    assert done.returncode == 1
    assert done.stderr.startswith(f"config: {name}: ")
    assert len(done.stderr.splitlines()) == 1


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
        ("SITE_HOST", "cloudflare-pages", True),
        ("SITE_HOST", "geocities", False),
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


def test_credentials_in_an_address_are_never_shown(monkeypatch):
    monkeypatch.setenv("GHOST_PAGES_REMOTE_URL", "https://ada:t0ken@host.example/site.git")

    told = {row.name: row.value for row in env.describe(env.load())}
    monkeypatch.setenv("GHOST_PAGES_REMOTE_URL", "ftp://ada:t0ken@host.example/site.git")
    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert told["GHOST_PAGES_REMOTE_URL"] == "https://***@host.example/site.git"
    assert "t0ken" not in "".join(caught.value.problems)


def test_env_example_is_generated_and_complete():
    committed = (ROOT / ".env.example").read_text()

    assert committed == env.example(), "run `make env-example`"
    named = set(re.findall(r"^#(\w+)=", committed, re.MULTILINE))
    assert named == {env.variable(field) for field in env.Env.model_fields}


def test_nothing_else_reads_the_environment():
    """A variable that is read elsewhere would be missing in .env.example."""
    allowed = {
        "ghost/core/config/env.py",
        "ghost/core/io/programs.py",
        "ghost/wsgi.py",
        "manage.py",
    }
    folders = ["ghost", "teams", "resources", "dht", "builds"]
    files = [p for f in folders for p in (ROOT / f).rglob("*.py")] + [ROOT / "manage.py"]

    readers = {
        p.relative_to(ROOT).as_posix()
        for p in files
        if re.search(r"os\.(environ|getenv)", p.read_text())
    }

    apart = ("ghost/demo/", "ghost/client/")  # the client is the publishers', no part of the server
    assert {r for r in readers if not r.startswith(apart)} <= allowed


def run_manage(*args: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ghost.settings"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_config_validate_tells_all_and_fails():
    done = run_manage("config", "validate", GHOST_WORKERS="0", GHOST_DEPLOY_MODE="magic")

    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["GHOST_WORKERS", "GHOST_DEPLOY_MODE"]


def test_config_validate_names_variables_that_nothing_reads():
    done = run_manage("config", "validate", GHOST_SITE_TITEL="x")

    assert done.returncode == 1
    assert "GHOST_SITE_TITEL: there is no such variable" in done.stderr


def test_config_validate_accepts_names_of_earlier_installations():
    done = run_manage("config", "validate", GHOST_AGE_BIN="age")

    assert done.returncode == 0, done.stderr
    assert "GHOST_AGE_BIN: noted" in done.stdout


def test_config_show_prints_every_variable():
    out = io.StringIO()

    call_command("config", "show", stdout=out)

    version, *lines = out.getvalue().splitlines()
    assert version == f"Ghost {VERSION}"
    shown = [line.split()[0] for line in lines]
    assert shown == [env.variable(field) for field in env.Env.model_fields]
