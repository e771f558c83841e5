"""Targets that the clock tries again, without a build."""

from __future__ import annotations

import pytest

from builds.tasks import deploy_if_due
from ghost.core.text.reasons import NOTHING_TO_DO
from tests.builds.deployments import files, let_time_pass
from tests.results import said

pytestmark = pytest.mark.django_db


def test_the_clock_deploys_what_is_due_without_a_build(published, target_folder):
    target_folder.write_bytes(b"in the way")
    first = deploy_if_due()
    target_folder.unlink()
    second = deploy_if_due()
    let_time_pass(1)
    third = deploy_if_due()
    fourth = deploy_if_due()

    assert "could not be brought up to date" in said(first)
    assert (second, fourth) == (NOTHING_TO_DO().plain(), NOTHING_TO_DO().plain())
    assert said(third) == f"{target_folder}: 61 files changed, 0 removed"
    assert files(target_folder) == files(published)


def test_a_scheduled_try_before_the_first_build_says_so(target_folder):
    assert deploy_if_due() == NOTHING_TO_DO().plain()
