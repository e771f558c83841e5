import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, Schedule, Success

from builds.models import Build, Cover, Deployment
from dht.models import HealthSample, Scan
from ghost.core import circuits
from ghost.core.audit.models import AuditEvent
from ghost.core.circuits import Circuit, Kind
from ghost.core.heartbeats.models import Heartbeat
from ghost.core.jobs.entries import QueueEntry
from ghost.core.text.durations import ago
from ghost.core.text.reasons import words
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.backups.models import Backup
from ghost.operations.channels.models import Delivery
from ghost.operations.git_backup.models import GitBackup
from resources.models import Block, Category, Resource, findings
from resources.states import ProbeStatus, State
from teams import groups
from teams.models import Team, Token
from tests import make, operators
from tests.ghost.admin.rows import one_of_each

pytestmark = pytest.mark.django_db


MODELS = [
    Alert, AlertRule, AuditEvent, Backup, Block, Build, Category, Circuit, Cover, Delivery, Deployment, Failure, Group, HealthSample, QueueEntry, Resource, Scan,
    Schedule, Success, Team, Token, User,
]  # fmt: skip
POLICY = "Content-Security-Policy"


def label(model) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def test_every_model_that_operators_meet_is_registered():
    ours = {"ghost", "teams", "resources", "dht", "builds", "auth", "django_q"}

    registered = {
        m for m in filter(admin.site.is_registered, apps.get_models()) if m._meta.app_label in ours
    }

    assert registered == {*MODELS, GitBackup}  # which has a page, and no list


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_list_takes_as_many_queries_for_three_rows_as_for_one(model):
    browser = operators.client()
    one_of_each(1)
    url = operators.list_of(label(model))
    browser.get(url)  # content types and the like are remembered from here on
    with CaptureQueriesContext(connection) as with_one:
        first = browser.get(url)

    one_of_each(2)
    one_of_each(3)
    with CaptureQueriesContext(connection) as with_three:
        browser.get(url)

    assert first.status_code == 200
    assert len(with_three) == len(with_one)


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_form_and_empty_list_opens(model):
    browser = operators.client()
    empty = browser.get(operators.list_of(label(model)) + "?q=nothing-like-it")
    one_of_each(1)

    form = browser.get(operators.form_of(label(model), model.objects.first().pk))

    assert (empty.status_code, form.status_code) == (200, 200)


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_a_viewer_sees_and_cant_change(model):
    browser = operators.client("Viewer")
    one_of_each(1)
    row = model.objects.first()
    is_hidden = model in (User, Group)

    shown = browser.get(operators.form_of(label(model), row.pk))
    posted = browser.post(operators.form_of(label(model), row.pk), {"title": "changed"})
    added = browser.get(reverse(f"admin:{label(model)}_add"))
    deleted = browser.post(reverse(f"admin:{label(model)}_delete", args=(row.pk,)), {"post": "yes"})

    assert shown.status_code == (403 if is_hidden else 200)
    assert (posted.status_code, added.status_code, deleted.status_code) == (403, 403, 403)
    assert b'name="_save"' not in shown.content
    assert b'name="action"' not in shown.content


def test_the_dashboard_counts_with_a_fixed_number_of_queries():
    browser = operators.client()
    one_of_each(1)
    browser.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as with_one:
        browser.get(reverse("admin:index"))

    one_of_each(2)
    one_of_each(3)
    with CaptureQueriesContext(connection) as with_three:
        response = browser.get(reverse("admin:index"))

    assert len(with_three) == len(with_one)
    assert response.context["counts"] == {
        "live": 3, "review": 0, "held": 0, "scheduled": 0, "draft": 0, "taken_down": 0, "missed": 0,
        "ACTIVE": 3, "STALE": 0, "UNKNOWN": 0,
    }  # fmt: skip
    assert [when for _task, when in response.context["failures"]] == ["just now"] * 3


def test_the_dashboard_says_what_is_pending_and_what_needs_a_person():
    browser = operators.client()
    row = make.resource(title="Lost & found", is_probed=False)
    findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("nobody <there>"))
    make.resource(is_probed=False).take_down(reason="x", by="x")
    draft = make.resource(is_probed=False, published_at=None)
    findings.record_probe_miss(draft, ProbeStatus.INACTIVE, words(""))

    response = browser.get(reverse("admin:index"))

    assert response.context["counts"]["missed"] == 1
    assert [row for row, *_ in response.context["failed_probes"]] == [draft, row]
    assert b"next probe soon" in response.content
    assert b"nobody &lt;there&gt;" in response.content
    assert response.context["pending"] is True


def test_the_dashboards_tiles_count_what_their_links_show():
    browser = operators.client()
    make.resource(dht_status="Active")
    make.resource(is_probed=False)
    make.resource(published_at=timezone.now() + timedelta(days=1))
    make.resource(published_at=None)
    make.resource(awaits_review=True)
    make.resource().take_down(reason="x", by="x")

    counts = browser.get(reverse("admin:index")).context["counts"]
    listed = {
        state.value: browser.get(operators.list_of(label(Resource)), {"state": state.value})
        .context["cl"]
        .result_count
        for state in State
    }

    assert {state: counts[state] for state in listed} == listed == dict.fromkeys(listed, 1)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=61), "1\xa0minute ago"),
        (timedelta(hours=3), "3\xa0hours ago"),
    ],
)
def test_what_is_younger_than_a_minute_was_just_now(age, words):
    assert ago(timezone.now() - age) == words


def test_the_dashboard_of_somebody_without_permissions_tells_nothing():
    User.objects.create_user("new", is_staff=True)
    make.resource(title="Quiet")
    browser = operators.client()
    browser.force_login(User.objects.get(username="new"))

    response = browser.get(reverse("admin:index"))

    assert response.status_code == 200
    assert "counts" not in response.context
    assert b"Quiet" not in response.content


@pytest.mark.parametrize("name", ["admin:index", "admin:login", "admin:resources_resource_add"])
def test_only_the_admin_may_evaluate_strings_and_nobody_runs_inline_scripts(name):
    browser = operators.client()
    if name == "admin:login":
        browser.logout()

    policy = browser.get(reverse(name))[POLICY]

    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["style-src"] == "'self' 'unsafe-inline'"


@pytest.mark.parametrize("path", ["/health", "/i18n/setlang/", "/api/docs", "/no/such/page"])
def test_no_other_page_may_evaluate_strings(path):
    policy = operators.client().get(path).headers.get(POLICY, "")

    assert policy != ""
    assert "unsafe-eval" not in policy


def test_the_language_can_be_chosen():
    browser = operators.client()

    answer = browser.post("/i18n/setlang/", {"language": "zh-hans", "next": "/admin/"})
    page = browser.get("/admin/")

    assert answer.status_code == 302
    assert '<html lang="zh-hans"' in page.content.decode()


def test_the_command_search_finds_a_resource():
    browser = operators.client()
    row = make.resource(title="Debian 13")

    page = browser.get(reverse("admin:search"), {"s": "debian 13", "extended": "1"})

    assert operators.form_of("resources_resource", row.pk) in page.content.decode()


def test_groups_are_exactly_three():
    groups.sync()

    assert list(Group.objects.order_by("name").values_list("name", flat=True)) == [
        "Moderator",
        "Operator",
        "Viewer",
    ]


@pytest.mark.parametrize(
    ("room", "names"),
    [("teams", "resources|dht|builds"), ("resources", "dht|builds|health_samples|cover")],
)
def test_templates_of_a_room_name_nothing_of_the_rooms_to_its_right(room, names):
    """What import-linter can't see: relations and addresses."""
    pattern = re.compile(rf"\.(?:{names})\b|admin:(?:{names})_")
    files = [
        *(settings.BASE_DIR / "templates" / "admin" / room).glob("*.html"),
        *(settings.BASE_DIR / room).rglob("admin*/*.py"),
        *(settings.BASE_DIR / room).glob("admin.py"),
    ]

    found = {file.name: pattern.findall(file.read_text()) for file in files}

    assert {name: hits for name, hits in found.items() if hits} == {}


def standing(browser) -> str:
    page = browser.get(reverse("admin:index")).content.decode()
    found = re.search(r'<section class="ghost-standing.*?</section>', page, re.S)
    assert found
    return found[0]


def test_what_is_wrong_with_the_installation_stands_on_top_with_what_to_do():
    now = timezone.now()
    Heartbeat.objects.create(
        kind="worker", host="one", pid=1, version="1",
        started_at=now, last_seen_at=now - timedelta(hours=3),
    )  # fmt: skip
    circuits.failed(Kind.COVER_HOST, "covers.example", words("refused"), retry_after_s=600)

    strip = standing(operators.client("Operator"))

    assert "ghost-standing-bad" in strip
    assert "no worker is running" in strip
    assert "Start the worker" in strip
    assert "3\xa0hours ago" in strip
    assert strip.index("no worker is running") < strip.index("covers.example")
    assert operators.list_of("ghost_circuit") in strip


def test_an_installation_in_order_says_so():
    strip = standing(operators.client("Viewer"))

    assert "ghost-standing-good" in strip
    assert "The installation is in order" in strip
    assert 'role="alert"' not in strip
