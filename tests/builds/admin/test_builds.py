from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import override
from django_q.models import OrmQ, Task
from PIL import Image

from builds import covers, tasks
from builds.admin import labels
from builds.models import Build, Cover, Listing, Output, Step
from ghost.core.text.reasons import words
from resources.models import Resource, findings
from tests import make, operators
from tests.presence import present

pytestmark = pytest.mark.django_db

START = "admin:builds_build_start"


def build(state: str = "done", **fields) -> Build:
    ended = None if state == "running" else timezone.now()
    fields = {"trigger": "test", "lease_until": timezone.now() + timedelta(minutes=1)} | fields
    return Build.objects.create(state=state, ended_at=ended, **fields)


@pytest.fixture
def two_states():
    """A site that was built and then changed; the builds, the present one first."""
    row = make.resource(title="One")
    tasks.build_now("change")
    row.title = "Two"
    row.store()
    tasks.build_now("change")
    OrmQ.objects.all().delete()
    return list(Build.objects.all())


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


def test_what_was_asked_for_is_followed_to_its_end():
    browser, page = operators.client("Operator"), operators.list_of("builds_build")
    browser.post(reverse(START))

    waiting = browser.get(page)
    again = browser.post(reverse(START))
    task = OrmQ.objects.get()
    Task.objects.create(
        id=task.task_id(), name="x", func="x", started=timezone.now(), stopped=timezone.now(), success=True
    )  # fmt: skip
    ended = browser.get(page, headers={"HX-Request": "true"})

    assert b"Your request is waiting for a worker." in waiting.content
    assert b"every 1s" in waiting.content
    assert operators.told(again)[-1].startswith("Another build is running or queued")
    assert b"every 1s" not in ended.content
    assert ended.headers["HX-Refresh"] == "true"


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


@pytest.mark.parametrize("page", ["form", "list", "dashboard"])
def test_a_running_build_is_followed_on_every_page(page):
    browser, row = operators.client("Viewer"), build("running")
    row.steps.create(name="export", is_ok=True, ended_at=timezone.now())
    row.steps.create(name="hugo", done=12_000, total=30_000)
    url = {
        "form": operators.form_of("builds_build", row.pk),
        "list": operators.list_of("builds_build"),
        "dashboard": reverse("admin:index"),
    }[page]

    text = browser.get(url).content.decode()

    wanted = [
        "Render pages",
        "12,000 of 30,000",
        'max="30000" value="12000"',
        'hx-trigger="every 1s"',
    ]
    assert [part for part in wanted if part not in text] == []


def test_a_build_is_followed_until_it_is_deployed_but_not_for_ever():
    browser, row = operators.client("Viewer"), build("done")
    step = row.steps.create(name="deploy")
    url = operators.form_of("builds_build", row.pk)

    deploying = browser.get(url).content
    row.steps.filter(pk=step.pk).update(started_at=timezone.now() - timedelta(days=1))
    abandoned = browser.get(url).content

    assert b'hx-trigger="every 1s"' in deploying
    assert b'hx-trigger="every 1s"' not in abandoned
    assert b"never ended" in abandoned


def test_pages_that_were_set_aside_lead_to_where_they_are_mended(configure):
    configure(site_languages=("en", "zh-hans"))
    browser, row = operators.client("Viewer"), make.resource(title="Odd one")
    category = Listing.objects.create(kind="category", key=str(row.category_id))
    for address, owner, aside in (
        (f"/resources/{row.pk}/", f"entry/{row.pk}", "en,zh-hans"),
        ("/categories/films/", f"page/{category.pk}/1", "zh-hans"),
        ("/tags/mended/", "page/0/1", ""),
    ):
        Output.objects.create(
            address=address,
            owner=owner,
            languages_set_aside=aside,
            is_page=True,
            digest="",
            size_bytes=0,
        )
    told = build(set_aside=[f"/zh-hans/resources/{row.pk}/", "/tags/mended/", "/tags/gone/"])

    form = browser.get(operators.form_of("builds_build", told.pk))
    dashboard = browser.get(reverse("admin:index"))

    resource = operators.form_of("resources_resource", row.pk)
    found = form.context["set_aside"]
    assert [(page.address, page.name, page.url, page.is_mended) for page in found] == [
        (f"/zh-hans/resources/{row.pk}/", "Odd one", resource, False),
        ("/tags/mended/", "", "", True),
        ("/tags/gone/", "", "", True),
    ]
    assert [(page.address, page.url) for page in dashboard.context["set_aside"]] == [
        ("/zh-hans/categories/films/", operators.form_of("resources_category", row.category_id)),
        (f"/resources/{row.pk}/", resource),
        (f"/zh-hans/resources/{row.pk}/", resource),
    ]


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


# -- covers


@pytest.mark.parametrize("which", ["", "?thumb"])
def test_a_cover_is_shown_to_who_may_see_it_alone(which):
    row = Cover.objects.create(resource=make.resource(), digest="0" * 64, width=8, height=8)
    for file in (covers.page_file(row.digest), covers.thumb_file(row.digest)):
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(file, "WEBP")
    url = reverse("admin:builds_cover_image", args=(row.pk,)) + which
    viewer, stranger = operators.client("Viewer"), operators.client("Operator")
    stranger.logout()

    seen, hidden = viewer.get(url), stranger.get(url)

    assert (seen["Content-Type"], b"".join(seen)[:4]) == ("image/webp", b"RIFF")
    assert hidden.status_code == 302


def test_a_cover_that_is_not_there_is_a_404():
    row = Cover.objects.create(resource=make.resource(), digest="0" * 64)

    answer = operators.client().get(reverse("admin:builds_cover_image", args=(row.pk,)))

    assert answer.status_code == 404


def test_a_resources_form_shows_its_cover_or_why_there_is_none():
    viewer = operators.client("Viewer")
    row, failed = make.resource(), make.resource(cover_image_url="https://example.org/x.png")
    cover = Cover.objects.create(resource=row, digest="0" * 64)
    findings.record_cover(row, "assets/covers/1.webp")
    findings.record_cover(failed, None, error=words("no picture <there>"))

    shown = viewer.get(operators.form_of("resources_resource", row.pk)).content.decode()
    told = viewer.get(operators.form_of("resources_resource", failed.pk)).content.decode()

    assert reverse("admin:builds_cover_image", args=(cover.pk,)) in shown
    assert "no picture &lt;there&gt;" in told


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
