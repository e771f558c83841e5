"""The operators' groups."""

import pytest
from django.contrib.auth.models import Group

from teams import groups

pytestmark = pytest.mark.django_db


QUEUES = ("_schedule", "_failure", "_success", "_ormq", "_task", "_queueentry")


def codes(name: str) -> set[str]:
    rows = Group.objects.get(name=name).permissions.values_list("codename", flat=True)
    return set(rows)


def test_groups_hold_what_their_name_says():
    groups.sync()

    viewer, moderator, operator = codes("Viewer"), codes("Moderator"), codes("Operator")
    assert all(code.startswith("view_") for code in viewer)
    assert {
        "view_resource",
        "view_queueentry",
        "view_token",
        "view_build",
        "view_healthsample",
    } < viewer
    assert moderator - viewer == set(groups.MODERATED)
    assert {"add_resource", "delete_resource", "add_token", "change_team"} < operator
    assert viewer < moderator < operator
    queue = {code for code in operator - viewer if code.endswith(QUEUES)}
    assert queue == {"change_schedule", "change_failure", "delete_failure"}
    assert not {code for code in operator if code.endswith(("_user", "_group", "_permission"))}


def test_sync_takes_back_what_was_added_by_hand():
    groups.sync()
    before = codes("Viewer")
    Group.objects.get(name="Viewer").permissions.set(
        Group.objects.get(name="Operator").permissions.all()
    )

    groups.sync()

    assert codes("Viewer") == before
    assert Group.objects.count() == 3
