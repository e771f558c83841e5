"""Changing a resource by the API, and having it probed again."""

import pytest

from ghost.core.errors import OutageError
from ghost.core.text.reasons import words
from resources.models import ProbeStatus, Resource, findings
from tests import make
from tests.resources.api.bodies import revision

pytestmark = pytest.mark.django_db

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"


@pytest.mark.django_db(transaction=True)
def test_change_whose_time_runs_out_is_kept_and_pending(call, prober):
    prober.outcome = None
    row = make.resource()

    response = call(
        make.admin(), "put", f"/resources/{row.pk}", {"magnet_uri": make.magnet()}, Prefer="wait=1"
    )

    answer = response.json()
    assert (response.status_code, response.headers["Preference-Applied"]) == (200, "wait")
    assert (answer["probe_status"], answer["task_id"]) == ("pending", f"task-{row.pk}")


def test_put_changes_what_is_named_and_leaves_the_rest(call, prober):
    row = make.resource(
        title="Old",
        tags=["a"],
        content_markdown="text",
        cover_image_url="https://example.org/a.png",
    )
    path = f"/resources/{row.pk}"

    named = call(make.admin(), "put", path, {"title": "New"}).json()
    cleared = call(
        make.admin(), "put", path, {"cover_image_url": None, "published_at": None, "tags": []}
    ).json()

    assert (named["title"], named["tags"], named["content_markdown"]) == ("New", ["a"], "text")
    assert named["cover_image_url"] == "https://example.org/a.png"
    assert (cleared["title"], cleared["tags"]) == ("New", [])
    assert (cleared["cover_image_url"], cleared["published_at"]) == (None, None)
    assert prober.queued == []


@pytest.mark.parametrize(
    "field", ["title", "magnet_uri", "category_id", "content_markdown", "tags"]
)
def test_null_does_not_clear_what_must_be_there(call, field):
    row = make.resource()

    response = call(make.admin(), "put", f"/resources/{row.pk}", {field: None})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


def test_dead_torrent_can_be_edited(call, prober):
    prober.is_able = False
    row = make.resource(is_probed=False)
    findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("nobody"))

    response = call(
        make.admin(), "put", f"/resources/{row.pk}", {"title": "x", "magnet_uri": row.magnet_uri}
    )

    assert (response.status_code, response.json()["probe_status"]) == (200, "inactive")
    assert prober.queued == []


@pytest.mark.django_db(transaction=True)  # the task's id is known after the commit
def test_another_magnet_is_probed(call, prober):
    row = make.resource()

    response = call(make.admin(), "put", f"/resources/{row.pk}", {"magnet_uri": make.magnet()})

    answer = response.json()
    assert (answer["probe_status"], answer["task_id"]) == ("pending", f"task-{row.pk}")
    assert (answer["total_size_bytes"], answer["files_tree"]) == (None, None)
    assert prober.queued == [row.pk]


def test_another_magnet_without_a_prober_changes_nothing(call, prober):
    prober.is_able = False
    row, before = make.resource(), revision()

    response = call(
        make.admin(), "put", f"/resources/{row.pk}", {"magnet_uri": make.magnet(), "title": "x"}
    )

    old = Resource.objects.get(pk=row.pk)
    assert response.status_code == 503
    assert (old.magnet_uri, old.title, revision()) == (row.magnet_uri, row.title, before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("outcome", "status"), [(False, 400), (OutageError("nobody works"), 503)])
def test_another_magnet_that_fails_leaves_everything_as_it_was(call, prober, outcome, status):
    prober.outcome = outcome
    row = make.resource(title="Old", tags=["a"])

    response = call(
        make.admin(),
        "put",
        f"/resources/{row.pk}?wait=true",
        {"magnet_uri": make.magnet(), "title": "New", "tags": ["b"]},
    )

    old = Resource.objects.get(pk=row.pk)
    assert response.status_code == status
    assert old.public_state() == row.public_state()
    assert old.probed_metadata == row.probed_metadata
    assert [tag.name for tag in old.tag_index.all()] == ["a"]


@pytest.mark.django_db(transaction=True)
def test_another_magnet_that_answers_is_complete(call):
    row = make.resource()

    response = call(
        make.admin(),
        "put",
        f"/resources/{row.pk}?wait=true",
        {"magnet_uri": f"magnet:?xt=urn:btih:{V1}"},
    )

    assert (response.status_code, response.json()["state"]) == (200, "live")
    assert response.json()["magnet_hash"] == V1


def test_change_into_a_duplicate_is_refused(call):
    row, other = make.resource(), make.resource()

    response = call(make.admin(), "put", f"/resources/{row.pk}", {"magnet_uri": other.magnet_uri})

    assert (response.status_code, response.json()["resource_id"]) == (409, other.pk)


@pytest.mark.django_db(transaction=True)  # the task's id is known after the commit
def test_probe_again_queues_one(call, prober):
    row = make.resource()

    response = call(make.admin(), "post", f"/resources/{row.pk}/probe")

    row.refresh_from_db()
    assert (response.status_code, response.json()) == (
        202,
        {"task_id": f"task-{row.pk}", "notes": []},
    )
    assert (row.probe_status, row.is_public, prober.queued) == ("pending", True, [row.pk])


def test_edit_keeps_the_half_that_the_probe_found(call):
    row = make.resource(magnet_uri=make.magnet(V1), is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(V1, v1=V1, v2=V2))

    answer = call(make.admin(), "put", f"/resources/{row.pk}", {"title": "New"}).json()

    row.refresh_from_db()
    assert (answer["state"], row.title, row.other_hash) == ("live", "New", V2)


@pytest.mark.parametrize(
    ("sent", "moves"),
    [
        ({}, 0),
        ({"title": "Same"}, 0),
        ({"title": "  Same "}, 0),
        ({"tags": ["a", "A"]}, 0),
        ({"cover_image_url": "https://example.org/new.png"}, 0),
        ({"title": "Other"}, 1),
        ({"content_markdown": "other"}, 1),
        ({"tags": ["a", "b"]}, 1),
        ({"published_at": None}, 1),
        ({"published_at": "2999-01-01T00:00:00Z"}, 1),
    ],
)
def test_put_moves_the_revision_only_for_what_is_public(call, sent, moves):
    row = make.resource(title="Same", tags=["a"])
    before = revision()

    response = call(make.admin(), "put", f"/resources/{row.pk}", sent)

    assert (response.status_code, revision() - before) == (200, moves)
