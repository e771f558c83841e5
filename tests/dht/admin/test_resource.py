"""A resource's health over time, and its check, in the admin."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from dht.admin import resource as facts
from dht.models import Scan
from tests import make, operators
from tests.dht.admin.samples_made import sample, words

pytestmark = pytest.mark.django_db


RESOURCES = "resources_resource"


def test_chosen_resources_are_checked_and_no_others(on_commit):
    browser = operators.client("Moderator")
    rows = [make.resource() for _ in range(3)]
    rows[0].take_down(reason="x", by="x")

    with on_commit():
        answer = operators.act(browser, RESOURCES, "check_health", *rows[:2])

    asked = Scan.objects.get()
    assert operators.told(answer) == ["1 health check queued."]
    assert [part.resources for part in asked.parts.all()] == [[rows[1].pk]]
    assert LogEntry.objects.get().object_id == str(rows[1].pk)


def test_thousands_are_checked_by_one_click(on_commit, monkeypatch):
    monkeypatch.setattr("dht.models.scan.PART", 2)
    browser = operators.client("Moderator")
    rows = [make.resource() for _ in range(5)]

    with on_commit():
        answer = operators.act(browser, RESOURCES, "check_health", rows[0], select_across="1")

    assert operators.told(answer) == ["5 health checks queued."]
    assert [len(part.resources) for part in Scan.objects.get().parts.all()] == [2, 2, 1]


def test_a_resources_form_has_the_button_while_it_stands():
    browser = operators.client("Moderator")
    row, gone = make.resource(), make.resource()
    gone.take_down(reason="x", by="x")

    pages = [browser.get(operators.form_of(RESOURCES, r.pk)) for r in (row, gone)]

    assert [b'value="check_health"' in page.content for page in pages] == [True, False]


def test_a_resources_form_shows_its_own_look_ups():
    row, other = make.resource(), make.resource()
    sample(row, num_nodes=8, num_peers=4711, num_seeds=815, method="tracker", days=3)
    sample(other, num_peers=1234)

    page = operators.client("Viewer").get(operators.form_of(RESOURCES, row.pk))

    assert "3 days ago Active tracker 8 4711 815" in words(page).replace("\xa0", " ")
    assert "1234" not in words(page)


def test_a_resource_that_nobody_looked_up_says_so():
    page = operators.client("Viewer").get(operators.form_of(RESOURCES, make.resource().pk))

    assert "Not checked yet." in words(page)
    assert b"ghost-health" not in page.content


def test_of_many_look_ups_the_newest_are_drawn_and_the_very_newest_listed(monkeypatch):
    monkeypatch.setattr(facts, "SAMPLES_DRAWN", 30)
    row = make.resource()
    for day in range(40):
        sample(row, days=day, num_peers=100 - day)
    sample(row, days=facts.DAYS + 1, num_peers=9999)

    page = operators.client("Viewer").get(operators.form_of(RESOURCES, row.pk))

    assert page.content.count(b"<time ") == facts.SAMPLES_LISTED
    assert "Look-ups: 30, from" in words(page)
    assert "Most peers at once: 100." in words(page)


def test_an_add_form_has_no_chart():
    page = operators.client("Moderator").get(operators.list_of(RESOURCES))
    add = operators.client("Operator").get(reverse("admin:resources_resource_add"))

    assert (page.status_code, add.status_code) == (200, 200)
    assert b"ghost-health" not in add.content
