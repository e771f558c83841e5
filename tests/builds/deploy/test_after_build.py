"""Targets that the clock tries again, without a build."""

from __future__ import annotations

import pytest

from builds.tasks import deploy_if_due
from tests.builds.deployments import files, let_time_pass

pytestmark = pytest.mark.django_db


def test_the_clock_deploys_what_is_due_without_a_build(published, target_folder):
    target_folder.write_bytes(b"in the way")
    first = deploy_if_due()
    target_folder.unlink()
    second = deploy_if_due()
    let_time_pass(1)
    third = deploy_if_due()
    fourth = deploy_if_due()

    assert "could not be brought up to date" in first
    assert (second, fourth) == ("nothing to deploy", "nothing to deploy")
    assert third == f"{target_folder}: 61 files changed, 0 removed"
    assert files(target_folder) == files(published)


def test_a_scheduled_try_before_the_first_build_says_so(target_folder):
    assert deploy_if_due() == "nothing to deploy"
