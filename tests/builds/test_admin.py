import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django_q.models import OrmQ
from PIL import Image

from builds import covers
from builds.admin import asked_by
from builds.models import Build, Cover
from builds.tasks import build_now
from tests import make, operators

pytestmark = pytest.mark.django_db

START = "admin:builds_build_start"


def build(state: str = "done", **fields) -> Build:
    ended = None if state == "running" else timezone.now()
    return Build.objects.create(
        state=state, trigger="test", lease_until=timezone.now(), ended_at=ended, **fields
    )


def test_build_now_queues_a_build_in_the_operators_name(django_capture_on_commit_callbacks):
    browser = operators.client("Operator")

    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(reverse(START), {"next": "/admin/"})

    queued = OrmQ.objects.get().task
    assert answer.url == "/admin/"
    assert operators.told(answer) == ["A build is queued."]
    assert (queued["func"], queued["args"]) == (build_now, ("operator",))


@pytest.mark.parametrize("group", ["Viewer", "Moderator"])
def test_build_now_is_for_operators(group, django_capture_on_commit_callbacks):
    browser = operators.client(group)

    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(reverse(START))
        page = browser.get(operators.list_of("builds_build"))

    assert answer.status_code == 403
    assert reverse(START).encode() not in page.content
    assert OrmQ.objects.count() == 0


def test_build_now_needs_a_post_with_the_csrf_token(django_capture_on_commit_callbacks):
    browser = operators.client("Operator")

    with django_capture_on_commit_callbacks(execute=True):
        got = browser.get(reverse(START))
        browser.handler.enforce_csrf_checks = True
        forged = browser.post(reverse(START))

    assert (got.status_code, forged.status_code) == (405, 403)
    assert OrmQ.objects.count() == 0


def test_a_build_shows_its_steps_with_their_output():
    browser = operators.client("Viewer")
    row = build("failed", error="hugo exited with 1", set_aside=["/resources/7/"])
    row.steps.create(name="export", is_ok=True, ended_at=timezone.now(), counts={"pages": 12})
    row.steps.create(
        name="hugo", is_ok=False, exit_code=1, output="ERROR <b>", ended_at=timezone.now()
    )

    page = browser.get(operators.form_of("builds_build", row.pk))

    text = page.content.decode()
    wanted = ["hugo exited with 1", "/resources/7/", "pages 12", "ERROR &lt;b&gt;", "exit code 1"]
    assert [part for part in wanted if part not in text] == []
    assert "Refresh" not in page.headers


def test_a_running_build_refreshes_itself_and_names_its_step():
    browser = operators.client("Viewer")
    row = build("running")
    row.steps.create(name="hugo")

    page = browser.get(operators.form_of("builds_build", row.pk))

    assert page["Refresh"] == "2"
    assert b"Running: hugo." in page.content


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
    row.record_cover("assets/covers/1.webp")
    failed.record_cover(None, error="no picture <there>")

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
        assert asked_by(Build(trigger=trigger)) == shown
