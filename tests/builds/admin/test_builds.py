from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django_q.models import OrmQ

from builds import tasks
from builds.admin import labels
from builds.models import Build, Output
from resources.models import Resource
from tests import make, operators
from tests.builds.admin.asides import START, build
from tests.presence import present

pytestmark = pytest.mark.django_db


def going_back(row: Build) -> str:
    return reverse("admin:builds_build_rollback", args=(row.pk,))


# -- asking for a build


@pytest.mark.parametrize(
    ("how", "said", "task", "args"),
    [
        ("", "A build is queued.", tasks.build_now, ("operator", False)),
        ("force", "A full build is queued.", tasks.build_now, ("operator", True)),
        ("verify", "A verification is queued.", tasks.verify_site, ("operator",)),
    ],
)
def test_an_operator_asks_for_a_build(how, said, task, args):
    browser = operators.client("Operator")

    answer = browser.post(reverse(START), {"next": "/admin/", "how": how})

    queued = OrmQ.objects.get().task
    assert (answer["Location"], operators.told(answer)) == ("/admin/", [said])
    assert (queued["func"], queued["args"]) == (task, args)


@pytest.mark.parametrize("group", ["Viewer", "Moderator"])
def test_builds_are_asked_for_by_operators_alone(group, two_states):
    browser = operators.client(group)
    first = two_states[1]

    answers = [browser.post(reverse(START)), browser.get(going_back(first)), browser.post(going_back(first))]  # fmt: skip
    pages = [
        browser.get(operators.list_of("builds_build")),
        browser.get(operators.form_of("builds_build", first.pk)),
        browser.get(reverse("admin:index")),
    ]

    offered = (reverse(START).encode(), going_back(first).encode())
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert [one for page in pages for one in offered if one in page.content] == []
    assert OrmQ.objects.count() == 0


def test_asking_needs_a_post_with_the_csrf_token(two_states):
    browser = operators.client("Operator")

    got = browser.get(reverse(START))
    shown = browser.get(going_back(two_states[1]))
    browser.handler.enforce_csrf_checks = True
    forged = [browser.post(reverse(START)), browser.post(going_back(two_states[1]))]

    assert (got.status_code, shown.status_code) == (405, 200)
    assert [answer.status_code for answer in forged] == [403, 403]
    assert OrmQ.objects.count() == 0


def test_nothing_is_queued_while_a_build_is_under_way(two_states):
    browser = operators.client("Operator")
    build("running")

    answers = [browser.post(reverse(START), {"how": "force"}), browser.post(going_back(two_states[1]))]  # fmt: skip

    busy = "Another build is running or queued; try again when it has ended."
    assert [operators.told(answer)[-1] for answer in answers] == [busy, busy]
    assert OrmQ.objects.count() == 0


# -- what the pages show


def test_a_build_shows_its_steps_with_their_output():
    browser = operators.client("Viewer")
    row = build("failed", error="hugo exited with 1")
    row.steps.create(
        name="export", is_ok=True, ended_at=timezone.now(), counts={"pages": 12000, "files": 1}
    )
    row.steps.create(
        name="hugo", is_ok=False, exit_code=1, output="ERROR <b>", ended_at=timezone.now()
    )

    page = browser.get(operators.form_of("builds_build", row.pk))

    text = page.content.decode()
    wanted = ["hugo exited with 1", "12,000 pages · 1 file", "ERROR &lt;b&gt;", "exit code 1"]
    assert [part for part in wanted if part not in text] == []
    assert b"every 1s" not in page.content


def test_the_list_tells_what_is_on_the_site_and_what_is_kept(two_states):
    failed = build("failed")
    browser = operators.client("Viewer")

    rows = browser.get(operators.list_of("builds_build")).context["cl"].result_list

    present, first = two_states
    assert [(row.pk, row.is_present, row.is_kept) for row in rows] == [
        (failed.pk, False, False),
        (present.pk, True, False),
        (first.pk, False, True),
    ]


@pytest.mark.parametrize(("is_ok", "shown"), [(True, "yes"), (False, "failed"), (None, None)])
def test_the_list_tells_what_was_deployed(is_ok, shown):
    row = build()
    if is_ok is not None:
        row.steps.create(name="deploy", is_ok=is_ok, ended_at=timezone.now())
    page = operators.client("Viewer").get(operators.list_of("builds_build"))

    builds_admin: Any = admin.site.get_model_admin(Build)
    column = builds_admin.deployed(page.context["cl"].result_list[0])

    assert (strip_tags(column).strip() if column else None) == shown


@pytest.mark.parametrize("page", ["list", "dashboard"])
def test_builds_take_as_many_queries_for_three_rows_as_for_one(page):
    browser = operators.client()
    url = {"list": operators.list_of("builds_build"), "dashboard": reverse("admin:index")}[page]
    build_aside()
    browser.get(url)
    with CaptureQueriesContext(connection) as with_one:
        browser.get(url)

    build_aside()
    build_aside()
    with CaptureQueriesContext(connection) as with_three:
        browser.get(url)

    assert len(with_three) == len(with_one)


def test_a_build_takes_as_many_queries_with_three_steps_as_with_one():
    browser, one, three = operators.client(), build_aside(), build_aside(3)
    browser.get(operators.form_of("builds_build", one.pk))
    with CaptureQueriesContext(connection) as with_one:
        browser.get(operators.form_of("builds_build", one.pk))
    with CaptureQueriesContext(connection) as with_three:
        browser.get(operators.form_of("builds_build", three.pk))

    assert len(with_three) == len(with_one)


def build_aside(count: int = 1) -> Build:
    """A deployed build with so many steps, and so many resources set aside."""
    rows = [make.resource() for _ in range(count)]
    Output.objects.bulk_create(
        Output(
            address=f"/resources/{row.pk}/", owner=f"entry/{row.pk}", languages_set_aside="en", is_page=True,
            digest="", size_bytes=0,
        )
        for row in rows
    )  # fmt: skip
    made = build(set_aside=[f"/resources/{row.pk}/" for row in rows])
    for _ in rows:
        made.steps.create(name="deploy", is_ok=True, ended_at=timezone.now())
    return made


# -- going back


def test_an_operator_is_told_what_going_back_means(two_states):
    present, first = two_states
    browser = operators.client("Operator")

    form = browser.get(operators.form_of("builds_build", first.pk))
    asked = browser.get(going_back(first))

    assert going_back(first).encode() in form.content
    assert [each.pk for each, *_ in asked.context["since"]] == [present.pk]
    assert asked.context["files"] == present.changed
    assert (OrmQ.objects.count(), Build.objects.count()) == (0, 2)


def test_an_operator_puts_the_site_back(two_states, settings):
    first = two_states[1]
    browser = operators.client("Operator")

    answer = browser.post(going_back(first))
    queued = OrmQ.objects.get().task
    queued["func"](*queued["args"])

    public = settings.GHOST.site_workdir / "public"
    assert operators.told(answer) == ["Putting the site back is queued."]
    assert (queued["func"], queued["args"]) == (tasks.roll_back, (first.pk, "operator"))
    assert "One" in (public / f"resources/{Resource.objects.get().pk}/index.html").read_text()
    done = present(Build.objects.first())
    assert (labels.kind(done), labels.asked_by(done)) == (
        f"back to #{first.pk}",
        "by hand: operator",
    )


def test_a_site_that_was_put_back_says_how_to_go_on(two_states):
    first = two_states[1]
    tasks.roll_back(first.pk, "test")
    browser = operators.client("Operator")
    held = f"The site was put back to the state of build #{first.pk}."
    urls = [
        reverse("admin:index"), operators.list_of("builds_build"),
        operators.form_of("builds_build", first.pk),
    ]  # fmt: skip

    waiting = [held in browser.get(url).content.decode() for url in urls]
    verify = browser.get(urls[1]).content.count(b'value="verify"')
    tasks.build_now("operator")
    gone_on = [held in browser.get(url).content.decode() for url in urls]

    assert (waiting, gone_on, verify) == ([True] * 3, [False] * 3, 0)


@pytest.mark.parametrize("method", ["get", "post"])
def test_there_is_no_way_to_the_present_state(two_states, method):
    present, _ = two_states
    browser = operators.client("Operator")

    form = browser.get(operators.form_of("builds_build", present.pk))
    answer = getattr(browser, method)(going_back(present))

    assert going_back(present).encode() not in form.content
    assert (answer["Location"], operators.told(answer)) == (
        operators.form_of("builds_build", present.pk), ["The site is in that state now."],
    )  # fmt: skip


def test_there_is_no_way_back_to_what_was_taken_down(two_states):
    _, first = two_states
    browser = operators.client("Operator")
    Resource.objects.take_down(reason="asked", by="test")
    OrmQ.objects.all().delete()

    listed = browser.get(operators.list_of("builds_build")).context["cl"].result_list
    form = browser.get(operators.form_of("builds_build", first.pk))
    asked = browser.get(going_back(first))
    answer = browser.post(going_back(first))

    assert {row.is_kept for row in listed} == {False}
    assert going_back(first).encode() not in form.content
    assert b"The site can't be put back: 1 resource was taken down since then" in asked.content
    assert asked.content.count(b'<button type="submit" class="ghost-button') == 0
    assert operators.told(answer) == [
        "1 resource was taken down since then: build the site instead."
    ]
    assert OrmQ.objects.count() == 0


def test_an_unknown_build_is_not_found():
    browser = operators.client("Operator")

    assert browser.get(reverse("admin:builds_build_rollback", args=(1,))).status_code == 404
