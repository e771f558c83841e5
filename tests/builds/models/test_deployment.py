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
        circuit = present(row.circuit)
        pauses.append(
            round((present(circuit.open_until) - present(row.tried_at)).total_seconds() / 60)
        )
        assert (outcome.is_ok, deploy.due()) == (False, False)
        let_time_pass(pauses[-1])
        assert deploy.due()

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert (row.state, circuit.failures, row.token) == ("failed", 8, "")
    assert "could not be brought up to date" in str(row.error)


def test_the_pause_is_kept_unless_an_operator_asks(site, broken):
    site.deploy()
    site.next({"index.html": b"new"})
    broken.unlink()

    waiting = site.deploy()
    asked = site.deploy(is_asked=True)

    assert (waiting.is_ok, asked.is_ok) == (False, True)
    row = Deployment.objects.get()
    assert (row.state, row.token, str(row.error)) == ("done", "state-2", "")
    assert present(row.circuit).state == "closed"
    assert files(broken) == files(site.folder)


@pytest.mark.parametrize("way", ["time-out", "kill"])
def test_a_deployment_that_does_not_end_is_tried_again_after_a_pause(
    site, target_folder, monkeypatch, way
):
    def die(*args):
        raise SystemExit  # as the queue's time-out comes

    with monkeypatch.context() as patched:
        patched.setattr("builds.deploy.folder.Folder.send", die)
        if way == "kill":  # nobody is left to write anything down
            patched.setattr(Deployment, "bury", lambda self: None)
        with pytest.raises(SystemExit):
            site.deploy()

    first, due = site.deploy(), deploy.due()
    row = Deployment.objects.get()
    let_time_pass(1)

    assert (first.is_ok, due, row.state, row.deployer) == (False, False, "failed", "")
    assert str(row.error) == "The deployment ended before it was done; it is tried again."
    assert deploy.due()
    assert site.deploy().is_ok


def test_what_another_machine_deploys_is_not_taken_for_dead(site, target_folder):
    site.deploy()
    Deployment.objects.update(deployer="elsewhere.00000000:1:1")
    row = Deployment.objects.get()

    row.bury()

    assert row.state == "done"


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
