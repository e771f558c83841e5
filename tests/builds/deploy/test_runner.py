"""Which target's turn it is, and what becomes of it: real git, real folders."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django_q.models import OrmQ

from builds import deploy
from builds.deploy import limits, targets
from builds.deploy.target import Site
from builds.models import BuildState, Deployment
from builds.tasks import deploy_if_due
from builds.tree import releases
from builds.tree.patches import TreeChanges
from ghost.core.config.env import BASE_DIR
from ghost.core.errors import RefusedError
from tests import operators
from tests.presence import present

pytestmark = pytest.mark.django_db
State = Deployment.State


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


class Published:
    """A public folder whose states have tokens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = "state-1"
        self.changes: TreeChanges | None = None
        self.asked: list[str] = []
        pages = {f"resources/{number}/index.html": b"page %d" % number for number in range(100)}
        write(folder, pages | {"index.html": b"home"})

    def next(self, changed: dict[str, bytes], removed: Collection[str] = frozenset()) -> None:
        write(self.folder, changed)
        for path in removed:
            (self.folder / path).unlink()
        self.token = f"state-{int(self.token[6:]) + 1}"
        self.changes = TreeChanges(set(changed), set(removed))

    def since(self, token: str) -> TreeChanges | None:
        self.asked.append(token)
        return self.changes

    def deploy(self, **kwargs):
        return deploy.deploy(self.folder, self.token, self.since, **kwargs)


@pytest.fixture
def site() -> Published:
    draft = releases.begin(1)
    releases.prepare(draft, "state-1")
    releases.publish(draft)
    return Published(releases.public().resolve())


@pytest.fixture
def there(tmp_path, configure) -> Path:
    """A folder that is deployed to."""
    configure(deploy_target=str(tmp_path / "there"))
    return tmp_path / "there"


@pytest.fixture
def bare(tmp_path, configure) -> Path:
    """A repository that is deployed to."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "remote.git")], check=True)
    configure(pages_remote_url=str(tmp_path / "remote.git"))
    return tmp_path / "remote.git"


def tip(bare: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(bare), "rev-parse", "gh-pages"], capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def let_time_pass(minutes: float) -> None:
    row = Deployment.objects.get()
    Deployment.objects.update(next_try_at=present(row.next_try_at) - timedelta(minutes=minutes))


def test_nothing_is_configured_at_first(site):
    assert not deploy.is_configured()
    assert not deploy.due()
    assert site.deploy() == deploy.DeployReport([])
    assert Deployment.objects.count() == 0


def test_several_targets_each_have_a_row(site, there, bare):
    outcome = site.deploy()

    assert outcome.is_ok
    assert outcome.commit == tip(bare)
    rows = list(Deployment.objects.values_list("kind", "target", "state", "token", "files"))
    assert rows == [
        ("git", f"{bare} gh-pages", "done", "state-1", 102),
        ("folder", str(there), "done", "state-1", 101),
    ]
    assert outcome.text == (
        f"{bare} gh-pages: 102 files changed, 0 removed\n{there}: 101 files changed, 0 removed"
    )


def test_the_branch_is_made_as_the_configuration_says(site, bare, configure):
    configure(
        pages_branch="site", pages_cname="catalog.example.org",
        pages_git_user_name="Ada", pages_git_user_email="ada@example.org",
    )  # fmt: skip

    site.deploy()

    def show(what):
        return subprocess.run(
            ["git", "-C", str(bare), "show", "-s", *what], capture_output=True, check=True
        ).stdout.decode()

    assert show(["--format=%an %ae", "site"]) == "Ada ada@example.org\n"
    assert show(["site:CNAME"]) == "catalog.example.org\n"
    assert show(["site:.nojekyll"]) == ""


def test_the_site_repository_is_used_where_no_pages_remote_is_set(site, bare, configure):
    configure(pages_remote_url="", site_repo_url=str(bare))

    assert site.deploy().commit == tip(bare)


def test_what_is_deployed_already_is_left_alone(site, there):
    site.deploy()
    row = Deployment.objects.get()
    shutil.rmtree(there)

    outcome = site.deploy(is_asked=True)

    assert outcome.is_ok
    assert not there.exists()
    assert Deployment.objects.get().tried_at == row.tried_at


def test_a_change_is_asked_for_since_what_the_target_holds(site, there):
    site.deploy()
    site.next({"index.html": b"new"})
    site.deploy()
    site.next({"index.html": b"newer"}, {"resources/1/index.html"})

    site.deploy()

    assert site.asked == ["state-1", "state-2"]
    assert files(there) == files(site.folder)
    row = Deployment.objects.get()
    assert (row.files, row.changed, row.removed) == (100, 1, 1)


def test_everything_is_compared_when_asked_to(site, there):
    site.deploy()
    write(there, {"index.html": b"hack"})

    site.deploy(is_whole=True)

    assert files(there) == files(site.folder)
    assert site.asked == []


# -- failures


@pytest.fixture
def broken(there) -> Path:
    """The target's folder is a file."""
    there.write_bytes(b"in the way")
    return there


def test_a_failure_is_written_down_and_tried_again_after_growing_pauses(site, broken):
    pauses = []
    for _ in range(8):
        outcome = site.deploy()
        row = Deployment.objects.get()
        pauses.append(
            round((present(row.next_try_at) - present(row.tried_at)).total_seconds() / 60)
        )
        assert (outcome.is_ok, deploy.due()) == (False, False)
        let_time_pass(pauses[-1])
        assert deploy.due()

    assert pauses == [1, 2, 5, 10, 20, 30, 30, 30]
    assert (row.state, row.attempts, row.token) == ("failed", 8, "")
    assert "could not be brought up to date" in str(row.error)


def test_the_pause_is_kept_unless_an_operator_asks(site, broken):
    site.deploy()
    site.next({"index.html": b"new"})
    broken.unlink()

    waiting = site.deploy()
    asked = site.deploy(is_asked=True)

    assert (waiting.is_ok, asked.is_ok) == (False, True)
    row = Deployment.objects.get()
    assert (row.state, row.token, row.attempts, str(row.error), row.next_try_at) == (
        "done", "state-2", 0, "", None,
    )  # fmt: skip
    assert files(broken) == files(site.folder)


def test_one_target_that_fails_holds_up_no_other(site, broken, bare):
    outcome = site.deploy()

    assert not outcome.is_ok
    assert outcome.commit == tip(bare)
    assert [row.state for row in outcome.deployments] == ["done", "failed"]


def test_a_deployment_killed_on_its_way_is_due_again(site, there, monkeypatch):
    def die(*args):
        raise SystemExit  # as the queue's time-out comes

    monkeypatch.setattr("builds.deploy.folder.Folder.send", die)
    with pytest.raises(SystemExit):
        site.deploy()

    assert not deploy.due()
    let_time_pass(1)
    assert deploy.due()
    assert Deployment.objects.get().state == "waiting"


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("is_left", [True, False])
def test_a_site_that_vanished_empties_no_target(site, there, bare, is_left, is_known):
    site.deploy()
    before, commit = files(there), tip(bare)
    site.next({"index.html": b"new"})
    site.changes = site.changes if is_known else None
    shutil.rmtree(site.folder)
    if is_left:
        site.folder.mkdir()

    outcome = site.deploy()

    assert [row.state for row in outcome.deployments] == ["failed", "failed"]
    assert (files(there), tip(bare)) == (before, commit)


def test_while_another_process_deploys_it_is_left_to_the_clock(site, there, settings):
    site.deploy()
    site.next({"index.html": b"new"})
    lock = settings.GHOST.site_workdir / "deploy/lock"

    with lock.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        outcome = site.deploy()
    later = site.deploy()

    assert (outcome.is_ok, later.is_ok) == (False, True)
    assert files(there) == files(site.folder)


def test_an_error_shows_neither_credentials_nor_the_machines_paths(site, configure, settings):
    configure(pages_remote_url="https://ada:s3cret-t0ken@127.0.0.1:9/x.git")
    configure(deploy_target=str(settings.GHOST.site_workdir / "deploy/lock"))

    outcome = site.deploy()

    shown = outcome.text + "".join(f"{row.target} {row.error}" for row in outcome.deployments)
    assert "127.0.0.1" in shown
    assert "s3cret" not in shown
    assert [str(row.error) for row in outcome.deployments if "site-workdir" in str(row.error)] == []


def test_new_credentials_are_no_new_target(configure):
    configure(pages_remote_url="https://ada:one@h.example/x.git")
    first = Deployment.objects.for_target(targets.configured()[0])
    configure(pages_remote_url="https://ada:two@h.example/x.git")

    second = Deployment.objects.for_target(targets.configured()[0])

    assert first.pk == second.pk
    assert second.target == "https://h.example/x.git gh-pages"


# -- limits


@pytest.mark.parametrize(
    ("host", "most_files", "most_bytes", "expected"),
    [
        ("none", None, None, (0, 0, 0)),
        ("none", 5, 6, (5, 6, 0)),
        ("github-pages", None, None, (0, 1_000_000_000, 104_857_600)),
        ("github-pages", 7, 0, (7, 0, 104_857_600)),
        ("gitlab-pages", None, None, (100_000, 1_000_000_000, 0)),
        ("cloudflare-pages", None, None, (20_000, 0, 26_214_400)),
        ("cloudflare-pages-paid", 0, None, (0, 0, 26_214_400)),
    ],
)
def test_limits_are_those_of_the_host_but_for_what_is_said(
    configure, host, most_files, most_bytes, expected
):
    configure(site_host=host, site_max_files=most_files, site_max_bytes=most_bytes)

    found = limits.in_force()

    assert (found.files, found.bytes, found.file_bytes) == expected


def test_every_host_that_can_be_named_has_limits():
    from typing import get_args

    from ghost.core.config.env import Env

    assert set(get_args(Env.model_fields["site_host"].annotation)) == set(limits.HOSTS)


@pytest.mark.parametrize(
    ("setting", "size", "told"),
    [
        ({"site_max_files": 100}, None, "has 101 files, its host takes 100"),
        ({"site_max_files": 100}, (5000, 1), "has 5,000 files, its host takes 100"),
        ({"site_max_bytes": 600}, None, "has 694 bytes, its host takes 600"),
        ({"site_max_bytes": 600}, (1, 7000), "has 7,000 bytes, its host takes 600"),
    ],
)
def test_a_site_that_is_too_large_is_not_deployed(site, there, configure, setting, size, told):
    configure(**setting)

    outcome = site.deploy(size=size)

    assert told in outcome.text
    assert "GHOST_SITE_HOST" in outcome.text
    assert not there.exists()
    assert Deployment.objects.get().state == "failed"


def test_counts_that_are_known_are_not_counted_again(site, configure):
    configure(site_max_files=100)

    limits.check(limits.in_force(), Site(Path("nowhere")), (100, 1))

    with pytest.raises(RefusedError):
        limits.check(limits.in_force(), Site(site.folder))


@pytest.mark.parametrize("is_known", [True, False])
def test_a_file_that_the_host_does_not_take_stops_the_deployment(site, is_known):
    write(site.folder, {"big.bin": b"x" * 2000})
    changes = TreeChanges({"big.bin"}, set()) if is_known else None

    with pytest.raises(RefusedError, match=r"big.bin has 2,000 bytes, the host takes 1,000"):
        limits.check(limits.Limits(file_bytes=1000), Site(site.folder, changes))


# -- deletions


def some(count: int) -> set[str]:
    return {f"resources/{number}/index.html" for number in range(count)}


@pytest.mark.parametrize(
    ("count", "percent", "is_held"),
    [(19, 0, False), (20, 0, True), (20, 19, True), (20, 20, False), (90, 100, False)],
)
def test_a_deployment_that_would_delete_much_waits(site, there, configure, count, percent, is_held):
    configure(deploy_max_delete_percent=percent)
    site.deploy()
    Deployment.objects.update(files=100)
    site.next({"index.html": b"new"}, some(count))

    outcome = site.deploy()

    assert outcome.is_ok is not is_held
    assert (files(there) == files(site.folder)) is not is_held
    row = Deployment.objects.get()
    assert (row.state, row.deletions) == (("held", count) if is_held else ("done", None))
    assert not deploy.due()


@pytest.fixture
def held(site, there) -> Published:
    """Half of the site is gone, and nobody allowed it yet."""
    site.deploy()
    site.next({"index.html": b"new"}, some(50))
    site.deploy()
    return site


def test_allowed_deletions_pass_and_these_alone(held, there):
    row = Deployment.objects.get()
    assert "50 of 101 files would be deleted" in str(row.error)
    before = files(there)

    row.allow()
    is_due = deploy.due()
    held.next({}, {"resources/50/index.html"})
    held.changes = None
    still = held.deploy()
    kept = files(there)
    Deployment.objects.get().allow()
    gone = held.deploy()

    assert is_due
    assert (still.is_ok, gone.is_ok) == (False, True)
    assert kept == before
    assert files(there) == files(held.folder)
    row = Deployment.objects.get()
    assert (row.allowed, row.asked, row.deletions) == ("", "", None)


def test_what_was_allowed_stays_so_while_other_things_change(held, there):
    Deployment.objects.get().allow()
    held.next({"index.html": b"newer"})
    held.changes = None

    outcome = held.deploy()

    assert outcome.is_ok
    assert files(there) == files(held.folder)


def test_what_was_brought_back_needs_nobody(held, there):
    held.next(dict.fromkeys(some(50), b"back"))
    held.changes = None

    outcome = held.deploy()

    assert outcome.is_ok
    assert files(there) == files(held.folder)


def test_only_what_waits_can_be_allowed(site, there):
    site.deploy()

    with pytest.raises(RefusedError, match="isn't waiting for permission"):
        Deployment.objects.get().allow()


def test_strangers_files_are_never_deleted_unasked(site, there):
    write(there, {"thesis.odt": b"mine"})

    outcome = site.deploy()

    assert "1 file is there that Ghost did not bring; it would be deleted." in outcome.text
    assert files(there) == {"thesis.odt": b"mine"}
    assert not site.deploy().is_ok
    assert site.deploy(allow_deletions=True, is_asked=True).is_ok
    assert files(there) == files(site.folder)


# -- what is published now


@pytest.fixture
def published(settings, tmp_path) -> Path:
    """A release that is public; its site."""
    draft = releases.begin(1)
    write(draft.site, {f"resources/{n}/index.html": b"x" for n in range(60)} | {"index.html": b"h"})
    releases.prepare(draft, "f" * 32)
    releases.publish(draft)
    return releases.public().resolve()


def run(*arguments: str) -> tuple[dict, str]:
    """What the command says last, and its progress."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("deploy_site", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"CommandError: {error}")
    return json.loads(out.getvalue().splitlines()[-1]), err.getvalue()


def test_deploy_site_deploys_what_is_published(published, there):
    told, progress = run()

    assert files(there) == files(published)
    assert told == {
        "result": "done",
        "targets": [
            {"kind": "folder", "target": str(there), "state": "done", "commit": "", "files": 61,
             "changed": 61, "removed": 0, "error": None}
        ],
    }  # fmt: skip
    assert progress == f"folder   ok  {there}: 61 files changed, 0 removed\n"


def test_deploy_site_force_brings_everything_back(published, there):
    run()
    write(there, {"index.html": b"hack"})

    first, _ = run()
    kept = files(there)
    told, _ = run("--force")

    assert first["targets"][0]["changed"] == 0
    assert kept["index.html"] == b"hack"
    assert told["targets"][0]["changed"] == 1
    assert files(there) == files(published)


def test_deploy_site_with_nothing_to_do_says_so(published, there):
    run()

    told, progress = run()

    assert (told["result"], told["targets"][0]["changed"], told["targets"][0]["files"]) == (
        "done", 0, 61,
    )  # fmt: skip
    assert progress == (
        f"folder   ok  {there}: nothing to do, it holds the published site already\n"
    )


def test_deploy_site_tells_each_target_under_its_own_name_once(published, bare, there, caplog):
    there.write_bytes(b"in the way")

    told, progress = run()

    why = "The folder could not be brought up to date"
    lines = progress.splitlines()
    assert lines[0] == f"git      ok  {bare} gh-pages: 62 files changed, 0 removed"
    assert lines[1].startswith(f"folder   FAILED  {there}: {why}")
    assert lines[2:] == ["CommandError: 1 of 2 targets failed or wait; see above."]
    assert [target["changed"] for target in told["targets"]] == [62, 0]
    assert caplog.text == ""


def test_what_a_worker_can_not_deploy_is_logged(published, there, caplog):
    there.write_bytes(b"in the way")

    deploy.deploy_published()

    assert f"{there} was not deployed to: The folder could not be" in caplog.text


@pytest.mark.parametrize("command", ["build_site", "deploy_site", "rollback_site"])
def test_commands_before_prepare_say_what_to_run(command, published, there, tmp_path, settings):
    lacking = {"GHOST_DB_PATH": str(tmp_path / "new.db"), "GHOST_DEPLOY_TARGET": str(there)}
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


def test_deploy_site_allow_deletions_lets_them_pass(published, there):
    write(there, {"old.html": b"mine"})

    waits, progress = run()
    done, _ = run("--allow-deletions")

    assert (waits["result"], waits["targets"][0]["state"]) == ("failed", "held")
    assert "manage.py deploy_site --allow-deletions" in progress
    assert "CommandError" in progress
    assert done["result"] == "done"
    assert files(there) == files(published)


def test_deploy_site_notes_the_commit(published, bare):
    told, _ = run()

    assert told["targets"][0]["commit"] == tip(bare)
    assert BuildState.get().last_build_commit == tip(bare)


def test_deploy_site_says_what_is_missing(there, configure):
    with pytest.raises(CommandError, match="Nothing is published yet"):
        call_command("deploy_site")

    configure(deploy_target="")
    with pytest.raises(CommandError, match="Nothing says where to"):
        call_command("deploy_site")


def test_sizes_are_taken_from_the_build_where_it_knows_them(published, there, configure):
    configure(site_max_files=1000)
    BuildState.get()
    BuildState.objects.update(token="f" * 32, files=5000, bytes=1)

    assert "has 5,000 files" in deploy.deploy_published().text
    BuildState.objects.update(token="another")
    assert deploy.deploy_published(is_asked=True).is_ok


def test_the_clock_deploys_what_is_due_without_a_build(published, there):
    there.write_bytes(b"in the way")
    first = deploy_if_due()
    there.unlink()
    second = deploy_if_due()
    let_time_pass(1)
    third = deploy_if_due()
    fourth = deploy_if_due()

    assert "could not be brought up to date" in first
    assert (second, fourth) == ("nothing to deploy", "nothing to deploy")
    assert third == f"{there}: 61 files changed, 0 removed"
    assert files(there) == files(published)


def test_a_scheduled_try_before_the_first_build_says_so(there):
    assert deploy_if_due() == "nothing to deploy"


# -- the admin

START = "admin:builds_deployment_start"


def test_deploy_now_is_for_operators_and_by_post(there, django_capture_on_commit_callbacks):
    operator, viewer = operators.client("Operator"), operators.client("Viewer")

    with django_capture_on_commit_callbacks(execute=True):
        refused = viewer.post(reverse(START))
        got = operator.get(reverse(START))
        done = operator.post(reverse(START))

    assert (refused.status_code, got.status_code, done.status_code) == (403, 405, 302)
    assert [message.func() for message in OrmQ.objects.all()] == ["builds.deploy.tasks.deploy_now"]
    pages = [client.get(operators.list_of("builds_deployment")) for client in (operator, viewer)]
    assert [reverse(START).encode() in page.content for page in pages] == [True, False]


def test_an_operator_allows_deletions_that_wait(held, there, django_capture_on_commit_callbacks):
    row, done = Deployment.objects.get(), Deployment.objects.create(key="x", kind="git", target="x")
    operator, viewer = operators.client("Operator"), operators.client("Viewer")
    page = operator.get(operators.form_of("builds_deployment", row.pk)).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        operators.act(viewer, "builds_deployment", "allow_deletions", row)
        untouched = Deployment.objects.get(pk=row.pk).is_held
        answer = operators.act(operator, "builds_deployment", "allow_deletions", row, done)

    assert "50 of 101 files would be deleted" in page
    assert 'value="allow_deletions"' in page
    assert untouched
    assert operators.told(answer) == ["1 deployment goes on."]
    assert not Deployment.objects.get(pk=row.pk).is_held
    assert [message.func() for message in OrmQ.objects.all()] == ["builds.deploy.tasks.deploy_now"]


def test_a_target_that_is_not_configured_any_more_can_be_removed(site, there, configure):
    there.write_bytes(b"in the way")
    site.deploy()
    old = Deployment.objects.get()
    operator, viewer = operators.client("Operator"), operators.client("Viewer")
    stuck = operator.get(reverse("admin:index")).content.decode()
    configure(deploy_target=str(there.parent / "elsewhere"))
    site.deploy()
    new = Deployment.objects.exclude(pk=old.pk).get()

    rest = operator.get(reverse("admin:index")).content.decode()
    listed = operator.get(operators.list_of("builds_deployment")).content.decode()
    form = operator.get(operators.form_of("builds_deployment", old.pk)).content.decode()
    operators.act(viewer, "builds_deployment", "forget", old)
    untouched = Deployment.objects.count()
    answer = operators.act(operator, "builds_deployment", "forget", old, new)

    assert [str(there) in stuck, str(there) in rest] == [True, False]
    assert len(re.findall(r">\s*no longer configured\s*<", listed)) == 1
    assert ('value="forget"' in form, untouched) == (True, 2)
    assert operators.told(answer) == ["1 deployment removed."]
    assert list(Deployment.objects.all()) == [new]


def test_a_list_without_targets_says_what_to_set():
    page = operators.client("Viewer").get(operators.list_of("builds_deployment"))

    assert b"GHOST_DEPLOY_TARGET" in page.content


def test_no_row_can_be_added_changed_or_deleted():
    operator = operators.client("Operator")
    row = Deployment.objects.create(key="x", kind="git", target="x")

    for name, args in (("add", ()), ("delete", (row.pk,))):
        answer = operator.get(reverse(f"admin:builds_deployment_{name}", args=args))
        assert answer.status_code == 403

    operator.post(operators.form_of("builds_deployment", row.pk), {"target": "y"})
    row.refresh_from_db()
    assert row.target == "x"
    assert connection.in_atomic_block
