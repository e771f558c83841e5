"""deploy_site: what it says, and what it does."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from builds.models import BuildState
from ghost.core.config.env import BASE_DIR
from tests.builds.deployments import files, tip, write

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[dict, str]:
    """What the command says last, and its progress."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("deploy_site", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"CommandError: {error}")
    return json.loads(out.getvalue().splitlines()[-1]), err.getvalue()


def test_deploy_site_deploys_what_is_published(published, target_folder):
    told, progress = run()

    assert files(target_folder) == files(published)
    assert told == {
        "result": "done",
        "targets": [
            {"kind": "folder", "target": str(target_folder), "state": "done", "commit": "", "files": 61,
             "changed": 61, "removed": 0, "error": None}
        ],
    }  # fmt: skip
    assert progress == f"folder   ok  {target_folder}: 61 files changed, 0 removed\n"


def test_deploy_site_force_brings_everything_back(published, target_folder):
    run()
    write(target_folder, {"index.html": b"hack"})

    first, _ = run()
    kept = files(target_folder)
    told, _ = run("--force")

    assert first["targets"][0]["changed"] == 0
    assert kept["index.html"] == b"hack"
    assert told["targets"][0]["changed"] == 1
    assert files(target_folder) == files(published)


def test_deploy_site_with_nothing_to_do_says_so(published, target_folder):
    run()

    told, progress = run()

    assert (told["result"], told["targets"][0]["changed"], told["targets"][0]["files"]) == (
        "done", 0, 61,
    )  # fmt: skip
    assert progress == (
        f"folder   ok  {target_folder}: nothing to do, it holds the published site already\n"
    )


def test_deploy_site_tells_each_target_under_its_own_name_once(
    published, pages_remote, target_folder, caplog
):
    target_folder.write_bytes(b"in the way")

    told, progress = run()

    why = "The folder could not be brought up to date"
    lines = progress.splitlines()
    assert lines[0] == f"git      ok  {pages_remote} gh-pages: 62 files changed, 0 removed"
    assert lines[1].startswith(f"folder   FAILED  {target_folder}: {why}")
    assert lines[2:] == ["CommandError: 1 of 2 targets failed or wait; see above."]
    assert [target["changed"] for target in told["targets"]] == [62, 0]
    # The log tells that it rests, and nothing besides.
    assert [record.name for record in caplog.records] == ["ghost.core.circuits.models"]


@pytest.mark.parametrize("command", ["build_site", "deploy_site", "rollback_site"])
def test_commands_before_prepare_say_what_to_run(
    command, published, target_folder, tmp_path, settings
):
    lacking = {"GHOST_DB_PATH": str(tmp_path / "new.db"), "GHOST_DEPLOY_TARGET": str(target_folder)}
    lacking |= {
        "DJANGO_SETTINGS_MODULE": "ghost.settings",
        "GHOST_ENV_FILE": "/dev/null",
        "GHOST_SECRETS_DIR": str(tmp_path / "secrets"),
        "GHOST_SITE_WORKDIR": str(settings.GHOST.site_workdir),
    }

    done = subprocess.run(
        [sys.executable, BASE_DIR / "manage.py", command, "--skip-checks"],
        capture_output=True, text=True, cwd=tmp_path, env=os.environ | lacking,
    )  # fmt: skip

    assert done.returncode == 1
    assert "run manage.py prepare" in done.stderr.splitlines()[-1]
    assert "OperationalError" not in done.stderr


def test_deploy_site_allow_deletions_lets_them_pass(published, target_folder):
    write(target_folder, {"old.html": b"mine"})

    waits, progress = run()
    done, _ = run("--allow-deletions")

    assert (waits["result"], waits["targets"][0]["state"]) == ("failed", "held")
    assert "manage.py deploy_site --allow-deletions" in progress
    assert "CommandError" in progress
    assert done["result"] == "done"
    assert files(target_folder) == files(published)


def test_deploy_site_notes_the_commit(published, pages_remote):
    told, _ = run()

    assert told["targets"][0]["commit"] == tip(pages_remote)
    assert BuildState.get().last_build_commit == tip(pages_remote)


def test_deploy_site_says_what_is_missing(target_folder, configure):
    with pytest.raises(CommandError, match="Nothing is published yet"):
        call_command("deploy_site")

    configure(deploy_target="")
    with pytest.raises(CommandError, match="Nothing says where to"):
        call_command("deploy_site")
