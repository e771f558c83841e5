"""Which target's turn it is, and what becomes of it: real git, real folders."""

from __future__ import annotations

import fcntl
import shutil

import pytest

from builds import deploy
from builds.models import Deployment
from tests.builds.deployments import files, some, tip, write
from tests.results import said

pytestmark = pytest.mark.django_db


def test_nothing_is_configured_at_first(site):
    assert not deploy.is_configured()
    assert not deploy.due()
    assert site.deploy() == deploy.DeployReport([])
    assert Deployment.objects.count() == 0


def test_several_targets_each_have_a_row(site, target_folder, pages_remote):
    outcome = site.deploy()

    assert outcome.is_ok
    assert outcome.commit == tip(pages_remote)
    rows = list(Deployment.objects.values_list("kind", "target", "state", "token", "files"))
    assert rows == [
        ("git", f"{pages_remote} gh-pages", "done", "state-1", 102),
        ("folder", str(target_folder), "done", "state-1", 101),
    ]
    assert said(outcome.plain()) == (
        f"{pages_remote} gh-pages: 102 files changed, 0 removed\n{target_folder}: 101 files changed, 0 removed"
    )


def test_what_is_deployed_already_is_left_alone(site, target_folder):
    site.deploy()
    row = Deployment.objects.get()
    shutil.rmtree(target_folder)

    outcome = site.deploy(is_asked=True)

    assert outcome.is_ok
    assert not target_folder.exists()
    assert Deployment.objects.get().tried_at == row.tried_at


def test_a_change_is_asked_for_since_what_the_target_holds(site, target_folder):
    site.deploy()
    site.next({"index.html": b"new"})
    site.deploy()
    site.next({"index.html": b"newer"}, {"resources/1/index.html"})

    site.deploy()

    assert site.asked == ["state-1", "state-2"]
    assert files(target_folder) == files(site.folder)
    row = Deployment.objects.get()
    assert (row.files, row.changed, row.removed) == (100, 1, 1)


def test_everything_is_compared_when_asked_to(site, target_folder):
    site.deploy()
    write(target_folder, {"index.html": b"hack"})

    site.deploy(is_whole=True)

    assert files(target_folder) == files(site.folder)
    assert site.asked == []


# -- failures


def test_one_target_that_fails_holds_up_no_other(site, broken, pages_remote):
    outcome = site.deploy()

    assert not outcome.is_ok
    assert outcome.commit == tip(pages_remote)
    assert [row.state for row in outcome.deployments] == ["done", "failed"]


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("is_left", [True, False])
def test_a_site_that_vanished_empties_no_target(
    site, target_folder, pages_remote, is_left, is_known
):
    site.deploy()
    before, commit = files(target_folder), tip(pages_remote)
    site.next({"index.html": b"new"})
    site.changes = site.changes if is_known else None
    shutil.rmtree(site.folder)
    if is_left:
        site.folder.mkdir()

    outcome = site.deploy()

    assert [row.state for row in outcome.deployments] == ["failed", "failed"]
    assert (files(target_folder), tip(pages_remote)) == (before, commit)


def test_while_another_process_deploys_it_is_left_to_the_clock(site, target_folder, settings):
    site.deploy()
    site.next({"index.html": b"new"})
    lock = settings.GHOST.site_workdir / "deploy/lock"

    with lock.open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        outcome = site.deploy()
    later = site.deploy()

    assert (outcome.is_ok, later.is_ok) == (False, True)
    assert files(target_folder) == files(site.folder)


def test_an_error_shows_neither_credentials_nor_the_machines_paths(site, configure, settings):
    configure(pages_remote_url="https://ada:s3cret-t0ken@127.0.0.1:9/x.git")
    configure(deploy_target=str(settings.GHOST.site_workdir / "deploy/lock"))

    outcome = site.deploy()

    shown = said(outcome.plain()) + "".join(
        f"{row.target} {row.error}" for row in outcome.deployments
    )
    assert "127.0.0.1" in shown
    assert "s3cret" not in shown
    assert [str(row.error) for row in outcome.deployments if "site-workdir" in str(row.error)] == []


# -- deletions


@pytest.mark.parametrize(
    ("count", "percent", "is_held"),
    [(19, 0, False), (20, 0, True), (20, 19, True), (20, 20, False), (90, 100, False)],
)
def test_a_deployment_that_would_delete_much_waits(
    site, target_folder, configure, count, percent, is_held
):
    configure(deploy_max_delete_percent=percent)
    site.deploy()
    Deployment.objects.update(files=100)
    site.next({"index.html": b"new"}, some(count))

    outcome = site.deploy()

    assert outcome.is_ok is not is_held
    assert (files(target_folder) == files(site.folder)) is not is_held
    row = Deployment.objects.get()
    assert (row.state, row.deletions) == (("held", count) if is_held else ("done", None))
    assert not deploy.due()


def test_allowed_deletions_pass_and_these_alone(waiting, target_folder):
    row = Deployment.objects.get()
    assert "50 of 101 files would be deleted" in str(row.error)
    before = files(target_folder)

    row.allow()
    is_due = deploy.due()
    waiting.next({}, {"resources/50/index.html"})
    waiting.changes = None
    still = waiting.deploy()
    kept = files(target_folder)
    Deployment.objects.get().allow()
    gone = waiting.deploy()

    assert is_due
    assert (still.is_ok, gone.is_ok) == (False, True)
    assert kept == before
    assert files(target_folder) == files(waiting.folder)
    row = Deployment.objects.get()
    assert (row.allowed, row.asked, row.deletions) == ("", "", None)


def test_what_was_allowed_stays_so_while_other_things_change(waiting, target_folder):
    Deployment.objects.get().allow()
    waiting.next({"index.html": b"newer"})
    waiting.changes = None

    outcome = waiting.deploy()

    assert outcome.is_ok
    assert files(target_folder) == files(waiting.folder)


def test_what_was_brought_back_needs_nobody(waiting, target_folder):
    waiting.next(dict.fromkeys(some(50), b"back"))
    waiting.changes = None

    outcome = waiting.deploy()

    assert outcome.is_ok
    assert files(target_folder) == files(waiting.folder)


def test_strangers_files_are_never_deleted_unasked(site, target_folder):
    write(target_folder, {"thesis.odt": b"mine"})

    outcome = site.deploy()

    assert "1 file is there that Ghost did not bring; it would be deleted." in said(outcome.plain())
    assert files(target_folder) == {"thesis.odt": b"mine"}
    assert not site.deploy().is_ok
    assert site.deploy(allow_deletions=True, is_asked=True).is_ok
    assert files(target_folder) == files(site.folder)


# -- what is published now


def test_what_a_worker_can_not_deploy_is_logged(published, target_folder, caplog):
    target_folder.write_bytes(b"in the way")

    deploy.deploy_published()

    assert f"{target_folder} was not deployed to: The folder could not be" in caplog.text
