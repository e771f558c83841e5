"""Scans, samples and the health of a resource, as operators meet them."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from dht import reasons
from dht.admin import scans as page_of_scans
from dht.engine import session
from dht.models import Scan
from tests import make, operators
from tests.dht.admin.samples_made import done, sample, words

pytestmark = pytest.mark.django_db

SCANS = "dht_scan"
SAMPLES = "dht_healthsample"
RESOURCES = "resources_resource"


# -- starting and stopping


def test_a_scan_of_all_is_queued(on_commit):
    browser = operators.client("Moderator")
    row = make.resource()

    with on_commit():
        answer = browser.post(reverse("admin:dht_scan_start"))

    asked, queued = Scan.objects.get(), OrmQ.objects.get().task
    assert answer["Location"] == operators.list_of(SCANS)
    assert operators.told(answer) == ["A health scan of all resources is queued."]
    assert (queued["func"], queued["args"]) == ("dht.tasks.run_scan", (asked.pk,))
    assert (asked.trigger, [p.resources for p in asked.parts.all()]) == ("moderator", [[row.pk]])


def test_a_second_one_joins_the_first_and_says_so(on_commit):
    browser = operators.client("Moderator")
    asked = Scan.objects.ask(only=[make.resource().pk], trigger="command")
    make.resource(is_probed=False)

    with on_commit():
        answer = browser.post(reverse("admin:dht_scan_start"))

    told = [f"Health scan #{Scan.objects.get().pk} is running; it checks all resources."]
    assert operators.told(answer) == told
    assert Scan.objects.get(pk=asked.pk).total == 2


def test_without_libtorrent_nothing_is_queued_and_the_reason_is_told(on_commit, monkeypatch):
    monkeypatch.setattr(session, "lt", None)
    browser = operators.client("Moderator")
    row = make.resource()

    with on_commit():
        of_all = browser.post(reverse("admin:dht_scan_start"))
        of_one = operators.act(browser, RESOURCES, "check_health", row)

    told = [message.split(",")[0] for message in operators.told(of_all)]
    assert told == ["libtorrent can't be loaded"]
    assert len(operators.told(of_one)) == 2  # the session's, and its own
    assert (Scan.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_a_viewer_or_a_get_starts_and_stops_no_scan(on_commit):
    viewer, row = operators.client("Viewer"), make.resource()
    asked = Scan.objects.ask(trigger="command")
    before = OrmQ.objects.count()

    with on_commit():
        started = viewer.post(reverse("admin:dht_scan_start"))
        got = operators.client("Operator").get(reverse("admin:dht_scan_start"))
        operators.act(viewer, SCANS, "stop", asked)
        operators.act(viewer, RESOURCES, "check_health", row)

    assert (started.status_code, got.status_code) == (403, 405)
    assert (OrmQ.objects.count(), Scan.objects.get().state) == (before, "open")


def test_a_scan_is_stopped_once(on_commit):
    browser = operators.client("Moderator")
    asked = Scan.objects.ask(only=[make.resource().pk], trigger="command")

    first = operators.told(operators.act(browser, SCANS, "stop", asked))
    again = operators.told(operators.act(browser, SCANS, "stop", asked))

    asked.refresh_from_db()
    assert (asked.state, asked.parts.count()) == ("stopped", 0)
    assert first == ["The scan is stopped; what it has checked is kept."]
    assert again[-1] == "It had ended already."
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Stopped"]


# -- scans


def test_the_list_of_scans_tells_how_far_each_is():
    browser = operators.client("Viewer")
    done(total=1200, checked=1200, found=1090, active=1100, stale=60, unknown=40, changed=7)
    Scan.objects.create(trigger="Ada", total=1000, checked=350)

    [cells, older] = [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row]
        for row in cells_of(browser.get(operators.list_of(SCANS)))
    ]

    assert cells[1:3] + cells[4:6] == ["under way", "by hand: Ada", "-", "350 of 1,000"]
    assert older[1:3] + older[4:] == [
        "done", "the schedule", "3 min 25 s", "1,200", "1,090", "1,100", "60", "40", "7",
    ]  # fmt: skip


def cells_of(response) -> list[list[str]]:
    """The cells of a list, as they are made."""
    from django.contrib.admin.templatetags.admin_list import items_for_result

    listed = response.context["cl"]
    return [
        [str(cell) for cell in items_for_result(listed, row, None)] for row in listed.result_list
    ]


def test_an_open_scan_refreshes_itself_and_can_be_stopped():
    browser = operators.client("Moderator")
    asked = Scan.objects.create(trigger="Ada", total=1000, checked=350, started_at=timezone.now())

    page = browser.get(operators.form_of(SCANS, asked.pk))

    assert page.headers["Refresh"] == "2"
    assert b'value="stop"' in page.content
    assert "350 of 1,000 checked." in words(page)
    assert "Nothing so far." in words(page)


def test_a_scan_nobody_took_yet_says_that_it_waits():
    asked = Scan.objects.create(trigger="Ada", total=3)

    page = operators.client("Viewer").get(operators.form_of(SCANS, asked.pk))

    assert "It is waiting for a worker." in words(page)
    assert b'value="stop"' not in page.content


def test_an_ended_scan_shows_what_changed_and_no_more():
    row, same = make.resource(title="Was <b>alive</b>"), make.resource(title="As ever")
    ended = done(total=2, checked=2, changed=1)
    sample(row, scan=ended, was="Active", status="Stale", num_peers=4711, num_seeds=12)
    sample(same, scan=ended)
    sample(same, was="Active", status="Stale", scan=done())

    page = operators.client("Viewer").get(operators.form_of(SCANS, ended.pk))

    assert "Refresh" not in page.headers
    assert "Was &lt;b&gt;alive&lt;/b&gt; Active → Stale DHT 4711 12" in words(page)
    assert "As ever" not in words(page)


def test_of_many_changes_the_newest_are_shown_with_a_way_to_the_rest(monkeypatch):
    monkeypatch.setattr(page_of_scans, "CHANGES_SHOWN", 2)
    browser = operators.client("Viewer")
    ended = done(total=5, checked=5, changed=5)
    for _ in range(5):
        sample(make.resource(), scan=ended, was="Unknown")

    page = browser.get(operators.form_of(SCANS, ended.pk))
    rest = browser.get(operators.list_of(SAMPLES), {"scan": ended.pk, "changed": "yes"})

    assert (len(page.context["changes"]), "and 3 more changes" in words(page)) == (2, True)
    assert f"?scan={ended.pk}&amp;changed=yes" in page.content.decode()
    assert rest.context["cl"].result_count == 5
    assert f"Only what scan #{ended.pk} found." in words(rest)


def test_a_scan_without_changes_says_so():
    page = operators.client("Viewer").get(operators.form_of(SCANS, done(total=1, checked=1).pk))

    assert "No resource's health changed." in words(page).replace("&#x27;", "'")


def test_a_scan_whose_samples_were_dropped_does_not_say_that_nothing_changed():
    page = operators.client("Viewer").get(operators.form_of(SCANS, done(changed=4).pk))

    assert "It is no longer kept." in words(page)


def test_a_failed_scan_says_why_in_the_readers_language():
    browser = operators.client("Viewer")
    asked = Scan.objects.create(trigger="Ada")
    asked.fail(reasons.SCAN_WITHOUT_DHT())

    english = words(browser.get(operators.form_of(SCANS, asked.pk)))
    browser.cookies["django_language"] = "zh-hans"
    chinese = words(browser.get(operators.form_of(SCANS, asked.pk)))

    assert "The scan could not start" in english
    assert ("The scan could not start" in chinese, "扫描无法开始" in chinese) == (False, True)


@pytest.mark.parametrize("page", ["scan", "resource"])
def test_a_page_takes_as_many_queries_for_three_samples_as_for_one(page):
    browser = operators.client("Viewer")
    ended, row = done(), make.resource()
    where = operators.form_of(*((SCANS, ended.pk) if page == "scan" else (RESOURCES, row.pk)))
    sample(row, scan=ended, was="Stale")
    browser.get(where)
    with CaptureQueriesContext(connection) as with_one:
        browser.get(where)

    sample(row, scan=ended, was="Stale")
    sample(make.resource() if page == "scan" else row, scan=ended, was="Stale")
    with CaptureQueriesContext(connection) as with_three:
        browser.get(where)

    assert len(with_three) == len(with_one)


# -- the dashboard


def test_the_dashboard_knows_the_last_scan():
    browser = operators.client("Viewer")
    done(total=1200, checked=1200, found=1090, active=1100, stale=60, unknown=40, changed=7)

    told = words(browser.get(reverse("admin:index")))

    assert "just now · 3 min 25 s · the schedule" in told
    assert (
        "1,200 checked, 1,090 found alive; now 1,100 active, 60 stale, 40 unknown; 7 changed."
    ) in told


def test_the_dashboard_knows_the_scan_under_way():
    browser = operators.client("Moderator")
    done(checked=99)
    asked = Scan.objects.create(trigger="Ada", total=1000, checked=350, task_id="queued")

    page = browser.get(reverse("admin:index"))

    assert f"Health scan #{asked.pk} is running." in words(page)
    assert '<progress class="ghost-progress" max="1000" value="350"' in page.content.decode()
    assert reverse("admin:dht_scan_start") not in page.content.decode()


def test_the_dashboard_offers_to_go_on_with_a_scan_that_nobody_is_at():
    Scan.objects.create(trigger="Ada", started_at=timezone.now(), task_id="lost")

    page = operators.client("Moderator").get(reverse("admin:index"))

    assert reverse("admin:dht_scan_start") in page.content.decode()


def test_the_dashboard_without_a_scan_offers_one():
    page = operators.client("Moderator").get(reverse("admin:index"))

    assert "No health scan yet." in words(page)
    assert reverse("admin:dht_scan_start") in page.content.decode()
