from __future__ import annotations

import pytest
from django_q.models import OrmQ

from builds import run, tasks
from builds.models import Build, BuildState, Step
from builds.render import hugo
from ghost.core.catalog.models import Catalog
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def test_status_shows_what_is_pending(client):
    token = make.member()
    make.resource(title="New")

    answer = client.get("/api/build/status", **make.auth(token))

    assert answer.json() == {
        "pending_changes": True,
        "pending_reason": "“New” added",
        "last_build_at": None,
        "last_build_commit": None,
        "last_error": "",
        "retry_at": None,
        "held_build": None,
        "building": None,
    }


@pytest.mark.parametrize(
    ("done", "total", "shown"), [(0, 0, None), (20, 300, {"done": 20, "total": 300})]
)
def test_status_shows_the_running_build(client, done, total, shown):
    build = present(Build.objects.claim("test"))
    Step.objects.create(build=build, name="covers")
    Step.objects.create(build=build, name="hugo", done=done, total=total)

    answer = client.get("/api/build/status", **make.auth(make.publisher()))

    assert answer.json()["building"] == {
        "id": build.pk, "stage": "hugo", "progress": shown,
        "started_at": build.started_at.isoformat(),
    }  # fmt: skip


def test_status_of_a_build_that_has_not_begun_a_step(client):
    Build.objects.claim("test")

    building = client.get("/api/build/status", **make.auth(make.publisher())).json()["building"]

    assert (building["stage"], building["progress"]) == (None, None)


def test_status_tells_how_far_a_real_build_is(client, monkeypatch):
    monkeypatch.setattr(run, "REPORT_EVERY_S", 0)
    make.resource()
    token, seen, render = make.publisher(), {}, hugo.render

    def look(*args, **kwargs):
        render(*args, **kwargs)
        seen.update(client.get("/api/build/status", **make.auth(token)).json()["building"])

    monkeypatch.setattr(hugo, "render", look)

    tasks.build_now("test")

    pages = Build.objects.get().pages
    assert (seen["stage"], seen["progress"]) == ("hugo", {"done": 0, "total": pages})


def test_status_tells_that_the_site_was_put_back(client):
    token, row = make.publisher(), make.resource(title="One")
    tasks.build_now("test")
    row.title = "Two"
    row.store()
    tasks.build_now("test")
    tasks.roll_back(present(Build.objects.last()).pk, "test")

    answer = client.get("/api/build/status", **make.auth(token)).json()

    assert (answer["held_build"], answer["pending_changes"]) == (
        present(Build.objects.last()).pk,
        True,
    )


def test_status_after_a_build(client):
    token = make.publisher()
    tasks.build_now("test")

    answer = client.get("/api/build/status", **make.auth(token)).json()

    assert (answer["pending_changes"], answer["pending_reason"]) == (False, None)
    assert answer["last_build_at"] == present(BuildState.get().last_build_at).isoformat()


def test_trigger_marks_the_site_out_of_date(client):
    token = make.admin()
    tasks.build_now("test")

    answer = client.post("/api/build/trigger?reason=New+logo", **make.auth(token))

    assert answer.status_code == 200
    assert (answer.json()["pending_changes"], answer.json()["pending_reason"]) == (True, "New logo")
    assert not OrmQ.objects.filter(key="x").exists()


def test_trigger_now_queues_a_build(client):
    token = make.admin(name="Root")

    answer = client.post("/api/build/trigger?now=true", **make.auth(token))

    assert answer.status_code == 202
    assert answer.json()["pending_reason"] == "asked for by Root"
    (task,) = OrmQ.objects.all()
    assert task.task_id() == answer.json()["task_id"]
    assert (task.func(), task.task["args"]) == ("builds.tasks.build_now", ("Root", False))


def test_trigger_refuses_a_reason_that_is_too_long(client):
    before = Catalog.get().revision

    answer = client.post(f"/api/build/trigger?reason={'x' * 201}", **make.auth(make.admin()))

    assert answer.status_code == 422
    assert Catalog.get().revision == before


@pytest.mark.parametrize("count", [1, 3])
def test_builds_are_listed_newest_first(client, count, django_assert_num_queries):
    token = make.admin()
    for _ in range(count):
        tasks.build_now("test")

    client.get("/api/builds", **make.auth(token))  # notes the token's use, once a minute
    with django_assert_num_queries(2):
        answer = client.get("/api/builds", **make.auth(token))

    ids = list(Build.objects.order_by("-id").values_list("id", flat=True))
    assert [build["id"] for build in answer.json()] == ids
    assert "steps" not in answer.json()[0]


def test_a_build_is_shown_with_its_steps(client, settings):
    tasks.build_now("test")
    build = Build.objects.get()

    answer = client.get(f"/api/builds/{build.pk}", **make.auth(make.admin())).json()

    assert (answer["state"], answer["trigger"], answer["set_aside"]) == ("done", "test", [])
    assert [step["name"] for step in answer["steps"]] == [
        "covers", "sync", "export", "search", "hugo", "check", "publish",
    ]  # fmt: skip
    assert answer["steps"][4]["exit_code"] == 0
    assert (answer["is_full"], answer["changed"], answer["back_to"]) == (True, build.files, None)
    assert answer["bytes"] == size_of(settings.GHOST.site_workdir / "public")


def size_of(folder) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/api/build/trigger"), ("get", "/api/builds"), ("get", "/api/builds/1")],
)
def test_builds_are_the_admins_affair(client, method, path):
    answer = getattr(client, method)(path, **make.auth(make.publisher()))

    assert answer.status_code == 403


def test_an_unknown_build_is_not_found(client):
    assert client.get("/api/builds/1", **make.auth(make.admin())).status_code == 404
