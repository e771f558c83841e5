"""A row per target, and how long it waits after a failure."""

from __future__ import annotations

import pytest

from builds import deploy
from builds.deploy import targets
from builds.models import Deployment
from ghost.core.errors import RefusedError
from tests.builds.deployments import files, let_time_pass
from tests.presence import present

pytestmark = pytest.mark.django_db


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


def test_a_deployment_killed_on_its_way_is_due_again(site, target_folder, monkeypatch):
    def die(*args):
        raise SystemExit  # as the queue's time-out comes

    monkeypatch.setattr("builds.deploy.folder.Folder.send", die)
    with pytest.raises(SystemExit):
        site.deploy()

    assert not deploy.due()
    let_time_pass(1)
    assert deploy.due()
    assert Deployment.objects.get().state == "waiting"


def test_new_credentials_are_no_new_target(configure):
    configure(pages_remote_url="https://ada:one@h.example/x.git")
    first = Deployment.objects.for_target(targets.configured()[0])
    configure(pages_remote_url="https://ada:two@h.example/x.git")

    second = Deployment.objects.for_target(targets.configured()[0])

    assert first.pk == second.pk
    assert second.target == "https://h.example/x.git gh-pages"


def test_only_what_waits_can_be_allowed(site, target_folder):
    site.deploy()

    with pytest.raises(RefusedError, match="isn't waiting for permission"):
        Deployment.objects.get().allow()
