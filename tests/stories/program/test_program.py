"""What holds for the program as a whole, and needs no edit when it grows."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command, get_commands
from django_q.models import OrmQ, Schedule

from ghost.core.catalog.models import Catalog
from ghost.core.config.env import BASE_DIR
from ghost.operations import schedules
from resources.models import Category, Resource, ResourceTag
from teams.models import Token
from tests.presence import present

OURS = ("ghost", "teams", "resources", "dht", "builds")


@pytest.mark.django_db
def test_models_match_migrations():
    out = io.StringIO()

    call_command("makemigrations", check=True, dry_run=True, stdout=out)

    assert "No changes" in out.getvalue()


def test_every_command_has_a_test():
    ours = {name for name, app in get_commands().items() if app in OURS}
    assert {"prepare", "build_site", "probe", "scan_health", "issue_token", "backup"} <= ours
    words = "\n".join(p.read_text() for p in (BASE_DIR / "tests").rglob("*.py"))

    missing = {name for name in ours if not re.search(rf"[\"' ]{name}[\"' ]", words)}

    assert missing == set()


@pytest.mark.django_db
def test_prepare_can_be_repeated(configure, tmp_path):
    configure(secrets_dir=tmp_path / "secrets")

    for _ in range(2):
        call_command("prepare", stdout=io.StringIO())

    assert Token.objects.count() == 1
    assert Schedule.objects.count() == len(schedules.entries())
    assert (tmp_path / "secrets" / "admin-token").stat().st_mode & 0o777 == 0o600
    assert OrmQ.objects.count() >= 1  # the first site


@pytest.mark.django_db
def test_generate_catalog_fills_an_empty_database_the_same_each_time():
    def rows():
        return list(Resource.objects.order_by("pk").values_list("title", "magnet_uri", "tags"))

    call_command(
        "generate_catalog", resources=30, seed=3, stdout=io.StringIO(), stderr=io.StringIO()
    )
    first = rows()
    Resource.objects.all().delete()
    for category in Category.objects.order_by("-id"):
        category.discard()
    before = Catalog.get().revision
    call_command(
        "generate_catalog", resources=30, seed=3, stdout=io.StringIO(), stderr=io.StringIO()
    )

    assert rows() == first
    assert len(first) == 30
    assert Resource.objects.public().count() == 30
    assert all(present(r.probed_metadata).file_count == 20 for r in Resource.objects.all())
    assert ResourceTag.objects.count() == sum(len(tags) for _, _, tags in first)
    assert Catalog.get().revision > before
    with pytest.raises(CommandError, match="not empty"):
        call_command("generate_catalog", resources=1)


def test_a_command_says_that_the_database_is_not_prepared(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "generate_catalog", "--resources", "1"],
        cwd=BASE_DIR,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "ghost.settings",
            "GHOST_DB_PATH": str(tmp_path / "new.db"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.strip().endswith("run manage.py prepare")
    assert len(done.stderr.splitlines()) == 1
