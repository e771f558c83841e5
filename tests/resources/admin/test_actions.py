"""Takedowns, probes and publishing, on one or many at once."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ghost.core.catalog.models import Catalog
from resources.models import Block, Category, Resource
from tests import make, operators
from tests.resources.admin.filled_forms import RESOURCE

pytestmark = pytest.mark.django_db


def test_taking_down_asks_for_a_reason_first(operator):
    row = make.resource(title="To go")

    page = operators.act(operator, RESOURCE, "take_down", row)
    empty = operators.act(operator, RESOURCE, "take_down", row, reason="  ")

    row.refresh_from_db()
    assert b"To go" in page.content
    assert b'name="reason"' in page.content
    assert empty.context["form"].errors == {"reason": ["This field is required."]}
    assert row.takedown_at is None


def test_taking_down_with_a_reason_hides_and_blocks(operator):
    row, other = make.resource(), make.resource()
    before = Catalog.get().revision

    answer = operators.act(operator, RESOURCE, "take_down", row, reason="asked to")

    row.refresh_from_db()
    other.refresh_from_db()
    block = Block.objects.get()
    assert answer.url == operators.list_of(RESOURCE)
    assert (row.takedown_reason, other.takedown_at) == ("asked to", None)
    assert (block.info_hash, block.reason, block.created_by) == (
        row.magnet_hash, "asked to", "operator",
    )  # fmt: skip
    assert Catalog.get().revision == before + 1


def test_taking_down_all_that_a_search_finds(operator):
    for number in range(3):
        make.resource(title=f"bad {number}")
    good = make.resource(title="good")
    url = operators.list_of(RESOURCE) + "?q=bad"
    first = Resource.objects.filter(title="bad 0").get()
    chosen = {"action": "take_down", "select_across": "1", "_selected_action": [first.pk]}

    page = operator.post(url, chosen)
    operator.post(url, chosen | {"reason": "all of them"})

    assert page.context["count"] == 3
    assert list(Resource.objects.standing()) == [good]


def test_an_action_of_a_form_leads_back_to_it_and_nowhere_else(operator):
    row = make.resource()
    form = operators.form_of(RESOURCE, row.pk)

    ours = operators.act(operator, RESOURCE, "publish_unprobed", row, next=form)
    theirs = operators.act(
        operator, RESOURCE, "publish_unprobed", row, next="https://evil.example/"
    )

    assert (ours.url, theirs.url) == (form, operators.list_of(RESOURCE))


def test_restoring_brings_it_back_and_frees_the_hash(operator):
    row = make.resource()
    row.take_down(reason="x", by="x")

    answer = operators.act(operator, RESOURCE, "restore", row)

    row.refresh_from_db()
    assert (row.takedown_at, Block.objects.count()) == (None, 0)
    assert operators.told(answer) == ["1 resource restored."]


def test_probing_again_queues_one_task_for_all(
    operator, prober, django_capture_on_commit_callbacks
):
    rows = [make.resource(), make.resource()]

    with django_capture_on_commit_callbacks(execute=True):
        answer = operators.act(operator, RESOURCE, "probe_again", *rows)

    assert operators.told(answer) == ["2 probes queued."]
    assert Resource.objects.due_for_probe().count() == 2
    assert len(prober.queued) == 1


def test_probing_without_libtorrent_says_so_and_changes_nothing(operator, prober, monkeypatch):
    monkeypatch.setattr(prober, "is_able", False)
    row = make.resource()

    answer = operators.act(operator, RESOURCE, "probe_again", row)

    row.refresh_from_db()
    assert operators.told(answer) == ["libtorrent can't be loaded."]
    assert row.probe_status == "ok"


def test_publishing_without_a_probe_is_for_the_unprobed(operator):
    row, probed = make.resource(is_probed=False), make.resource()

    answer = operators.act(operator, RESOURCE, "publish_unprobed", row, probed)

    row.refresh_from_db()
    probed.refresh_from_db()
    assert (row.probe_status, row.is_public, probed.probe_status) == ("skipped", True, "ok")
    assert operators.told(answer) == ["1 resource no longer needs a probe."]
    assert LogEntry.objects.get().object_id == str(row.pk)


def test_every_one_of_very_many_is_noted_in_its_history(operator):
    make.resource(is_probed=False)
    publisher, category = make.publisher(), Category.objects.get()
    Resource.objects.bulk_create(
        Resource(
            title=f"{n}", magnet_uri=make.magnet(v1), magnet_hash=v1,
            publisher=publisher, category=category,
        )
        for n, v1 in enumerate(make.info_hash() for _ in range(1200))
    )  # fmt: skip
    chosen = {"action": "publish_unprobed", "select_across": "1", "_selected_action": ["1"]}

    with CaptureQueriesContext(connection) as queries:
        operator.post(operators.list_of(RESOURCE), chosen)

    assert LogEntry.objects.count() == Resource.objects.public().count() == 1201
    assert len(queries) < 80


@pytest.mark.parametrize("action", ["take_down", "restore", "probe_again", "publish_unprobed"])
def test_no_action_runs_on_get_or_for_a_viewer(action, prober):
    row = make.resource(is_probed=False)
    down = make.resource()
    down.take_down(reason="x", by="x")
    before = list(Resource.objects.values())
    fields = {"action": action, "_selected_action": [row.pk, down.pk], "reason": "y"}

    operators.client("Operator").get(operators.list_of(RESOURCE), fields)
    operators.client("Viewer").post(operators.list_of(RESOURCE), fields)

    assert list(Resource.objects.values()) == before
    assert prober.queued == []


@pytest.mark.parametrize("action", ["take_down", "restore"])
def test_actions_need_the_csrf_token(action):
    browser = operators.client("Operator")
    browser.handler.enforce_csrf_checks = True
    row = make.resource()

    answer = operators.act(browser, RESOURCE, action, row, reason="x")

    assert answer.status_code == 403
