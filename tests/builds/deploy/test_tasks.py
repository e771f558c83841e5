"""What the queue runs when an operator asks for a deployment."""

from __future__ import annotations

import pytest

from builds.deploy.tasks import deploy_now
from builds.models import BuildState, Deployment
from ghost.core.text.reasons import from_plain
from tests.builds.deployments import files, tip

pytestmark = pytest.mark.django_db


def test_deploying_now_waits_for_no_pause_and_notes_the_commit(broken, published, pages_remote):
    deploy_now()
    failed = Deployment.objects.get(kind="folder").state
    broken.unlink()

    results = deploy_now()

    assert (failed, Deployment.objects.get(kind="folder").state) == ("failed", "done")
    assert f"{broken}: 61 files changed, 0 removed" in [str(from_plain(each)) for each in results]
    assert files(broken) == files(published)
    assert BuildState.get().last_build_commit == tip(pages_remote)
