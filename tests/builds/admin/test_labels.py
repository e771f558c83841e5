"""Builds and their steps in words."""

import pytest
from django.utils.translation import override

from builds import tasks
from builds.admin import labels
from builds.models import Build, Step

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("trigger", "language", "shown"),
    [
        ("change", "en", "a change"),
        ("schedule", "zh-hans", "定时任务"),
        ("rescue", "en", "after a builder died"),
        ("ada <x>", "en", "by hand: ada <x>"),
        ("ada", "zh-hans", "手动：ada"),
    ],
)
def test_who_asked_for_a_build_is_said_in_words(trigger, language, shown):
    with override(language):
        assert labels.asked_by(Build(trigger=trigger)) == shown


def test_what_a_build_did_is_said_in_words():
    said = [labels.kind(Build(**fields)) for fields in ({}, {"is_full": True}, {"back_to": 5})]

    assert said == ["changes", "everything", "back to #5"]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"pages": 1, "files": 1200}, "1 page · 1,200 files"),
        ({"files": 3, "bytes": 2048, "removed": 0}, "3 files · 2.0\xa0KB"),
        ({"other": 7}, "other 7"),
        ({}, ""),
    ],
)
def test_what_a_step_counted_is_said_in_words(counts, shown):
    assert labels.counts(Step(counts=counts)) == shown


def test_every_step_of_a_build_and_what_it_counts_has_a_name_in_words(
    two_states, configure, tmp_path
):
    configure(deploy_target=str(tmp_path / "there"))
    tasks.verify_site()
    tasks.build_now("test", force=True)
    tasks.roll_back(two_states[1].pk, "test")

    steps = Step.objects.all()
    counted = {name for step in steps for name in step.counts}
    assert {step.name for step in steps} == set(labels.STEPS)
    assert counted - set(labels.COUNTS) == {"bytes"}
