"""The configuration: typed, all mistakes at once."""

import re
import stat
from pathlib import Path

import pytest

from ghost.core.config import env, listing

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
    sources = {row.name: row.source for row in listing.describe(loaded)}
    assert sources["GHOST_SITE_TITLE"] == "environment"
    assert sources["GHOST_DHT_SAMPLE_SIZE"] == ".env"
    assert sources["GHOST_DEPLOY_MODE"] == "default"


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


def test_nothing_else_reads_the_environment():
    """A variable that is read elsewhere would be missing in .env.example."""
    allowed = {
        "ghost/core/config/env.py",
        "ghost/core/config/listing.py",
        "ghost/core/io/child_environment.py",
        "ghost/core/logs/masking.py",  # secrets of other programs
        "ghost/management/commands/createsuperuser.py",  # a variable of Django's
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


def test_each_variable_is_in_one_group():
    fields = [field for group in env.GROUPS for field in group.model_fields]

    assert sorted(fields) == sorted(set(fields)) == sorted(env.Env.model_fields)


def test_variables_come_in_the_order_of_their_groups():
    """Mistakes are told in it, and GHOST_DEPLOY_TARGET is held against GHOST_SITE_WORKDIR."""
    fields = [field for group in env.GROUPS for field in group.model_fields]

    assert list(env.Env.model_fields) == fields


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, ""),
        ({"GHOST_DEPLOY_MODE": "integrated"}, "/"),
        ({"GHOST_PUBLIC_BASEURL": "https://host.example/repo"}, "https://host.example/repo/"),
    ],
)
def test_address_of_the_site_is_known_if_something_tells_it(monkeypatch, variables, address):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert env.load().site_address == address


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("127.0.0.1, 10.0.0.0/8 ,2001:db8::/32", ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]),
        ('["127.0.0.1", "::1"]', ["127.0.0.1/32", "::1/128"]),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(monkeypatch, value, networks):
    monkeypatch.setenv("GHOST_TRUSTED_PROXIES", value)

    loaded = env.load()

    assert list(map(str, loaded.trusted_proxies)) == networks
    assert listing.as_text(loaded.trusted_proxies) == ",".join(networks)


@pytest.mark.parametrize(
    "value",
    [
        "proxy.example",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "*",
        "0.0.0.0/0",
        "::/0",
        "[",
        "[1, {}]",
        "1.2.3",
    ],
)
def test_trusted_proxies_that_are_none_are_refused_at_start(monkeypatch, value):
    monkeypatch.setenv("GHOST_TRUSTED_PROXIES", value)

    with pytest.raises(env.ConfigError, match="GHOST_TRUSTED_PROXIES: "):
        env.load()


@pytest.mark.parametrize("value", ["GHOST_SECRET_KEY", "A=b", "KRB5CCNAME,GHOST_DATABASE_URL"])
def test_variables_of_ghost_are_passed_to_no_child(monkeypatch, value):
    monkeypatch.setenv("GHOST_CHILD_ENV", value)

    with pytest.raises(env.ConfigError, match=r"GHOST_CHILD_ENV: .* is no name of a variable"):
        env.load()


def test_a_mistake_is_told_in_a_line_of_reasonable_length(monkeypatch):
    monkeypatch.setenv("GHOST_LOG_FORMAT", "a" * 100_000)
    monkeypatch.setenv("GHOST_DHT_LISTEN_INTERFACES", "no\u202ewhere\x1b[2J\nforged")
    monkeypatch.setenv("GHOST_X\x1b[2J\u00ad", "1")

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    assert len(caught.value.problems) == 3
    for problem in caught.value.problems:
        assert len(problem) < 600
        assert problem.isprintable()
