"""`manage.py config`: what is in force, and all mistakes at once."""

import io
import os
import subprocess
import sys

import pytest
from django.core.management import call_command

from ghost.core.config import env
from ghost.core.config.env import BASE_DIR
from ghost.core.config.version import VERSION


def run_manage(*args: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=BASE_DIR,
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


def test_config_validate_tries_the_folder_of_backups(tmp_path):
    (tmp_path / "file").touch()

    done = run_manage("config", "validate", GHOST_BACKUP_DIR=str(tmp_path / "file" / "backups"))

    assert done.returncode == 1
    assert "GHOST_BACKUP_DIR: nothing can be written to" in done.stderr


def test_config_show_prints_every_variable_below_its_group():
    out = io.StringIO()

    call_command("config", "show", stdout=out)

    version, *lines = out.getvalue().splitlines()
    groups = [str(group.heading) for group in env.GROUPS]
    assert version == f"Ghost {VERSION}"
    assert [line for line in lines if line and not line.startswith(" ")] == groups
    named = [line.split()[0] for line in lines if line.startswith(" ")]
    assert named == [env.variable(field) for field in env.Env.model_fields]


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
