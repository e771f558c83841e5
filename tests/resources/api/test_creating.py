"""Publishing by the API: what goes in, what is refused, and what a probe decides."""

import base64
import math

import pytest

from ghost.core.errors import OutageError
from resources.models import Resource
from tests import make
from tests.resources.api.bodies import body, revision

pytestmark = pytest.mark.django_db

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"
BASE32 = base64.b32encode(bytes.fromhex(V1)).decode()
HYBRID = f"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}"


@pytest.mark.django_db(transaction=True)  # the task's id is known after the commit
def test_create_answers_with_the_whole_resource(call, prober):
    token, category = make.publisher(), make.category()

    response = call(
        token,
        "post",
        "/resources",
        {
            "title": "  Big\n Buck  Bunny ",
            "magnet_uri": f"magnet:?xt=urn:btih:{V1.upper()}&x.pe=1.2.3.4:5&tr=evil://x",
            "content_markdown": "# Hi",
            "cover_image_url": "https://example.org/a.png",
            "tags": ["Film", " film ", "数据"],
            "category_id": category.pk,
            "published_at": "2026-01-31T12:00:00+02:00",
        },
    )

    row = Resource.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": row.pk,
        "title": "Big Buck Bunny",
        "magnet_uri": f"magnet:?xt=urn:btih:{V1}",
        "magnet_hash": V1,
        "magnet_hash_v2": None,
        "content_markdown": "# Hi",
        "cover_image_url": "https://example.org/a.png",
        "cover_image_path": None,
        "tags": ["Film", "数据"],
        "category_id": category.pk,
        "publisher_token_hash": token.token_hash,
        "team_id": None,
        "state": "held",
        "dht_status": "Unknown",
        "last_dht_check": None,
        "seeds": None,
        "peers": None,
        "last_seen_at": None,
        "missing_since": None,
        "seeds_band": "unknown",
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "published_at": "2026-01-31T10:00:00+00:00",
        "became_public_at": None,
        "on_site_at": None,
        "takedown_at": None,
        "takedown_reason": "",
        "total_size_bytes": None,
        "total_size_human": None,
        "file_count": None,
        "files_tree_summary": "",
        "num_peers": None,
        "probe_status": "pending",
        "probe_error": "",
        "cover_error": "",
        "review_note": "",
        "licence": "",
        "source_url": "",
        "checksums": [],
        "supersedes_id": None,
        "superseded_by": [],
        "public_url": None,
        "files_tree": None,
        "task_id": f"task-{row.pk}",
        "is_private": False,
        "published_magnet_uri": f"magnet:?xt=urn:btih:{V1}&dn=Big%20Buck%20Bunny",
        "notes": [
            "Left out of the magnet link: x.pe=1.2.3.4:5 (addresses of peers are not published).",
            "Left out of the magnet link: tr=evil://x (addresses of this kind are not published).",
        ],
    }
    assert prober.queued == [row.pk]


def test_a_dry_create_says_what_would_come_and_keeps_nothing(call, prober):
    token, category = make.publisher(), make.category()
    asked = body(magnet_uri=f"magnet:?xt=urn:btih:{V1}", category_id=category.pk)
    before = revision()

    good = call(token, "post", "/resources?dry_run=true", asked)
    kept = (Resource.objects.count(), revision(), prober.queued) != (0, before, [])
    wrong = call(token, "post", "/resources?dry_run=true", asked | {"category_id": 9999})
    call(token, "post", "/resources", asked)
    twice = call(token, "post", "/resources?dry_run=true", asked)

    assert good.status_code == 200
    assert good.json() == {"dry_run": True, "magnet_hash": V1, "notes": []}
    assert (kept, wrong.status_code, twice.status_code) == (False, 422, 409)


def test_create_without_a_prober_writes_nothing(call, prober):
    prober.is_able = False
    asked, before = body(), revision()

    response = call(make.publisher(), "post", "/resources", asked)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert (Resource.objects.count(), revision(), prober.queued) == (0, before, [])


@pytest.mark.parametrize(
    ("query", "headers", "patience_s", "applied"),
    [
        ("?wait=true", {}, [math.inf], None),
        ("?wait=true", {"Prefer": "wait=5"}, [math.inf], None),
        ("", {"Prefer": "wait=5"}, [5], "wait"),
        ("", {"Prefer": 'return=minimal, Wait = "1"; x'}, [1], "wait"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_create_that_waits_is_complete(call, prober, query, headers, patience_s, applied):
    response = call(make.publisher(), "post", f"/resources{query}", body(), **headers)

    answer = response.json()
    assert response.status_code == 201
    assert (prober.patience_s, response.headers.get("Preference-Applied")) == (patience_s, applied)
    assert (answer["probe_status"], answer["state"]) == ("ok", "live")
    assert [node["name"] for node in answer["files_tree"]] == ["work"]


@pytest.mark.parametrize(
    "prefer", ["wait", "wait=", "wait=soon", "wait=-1", "await=5", "x; wait=5", "wait=0"]
)
def test_create_without_a_time_to_wait_does_not_wait(call, prober, prefer):
    response = call(make.publisher(), "post", "/resources", body(), Prefer=prefer)

    assert (response.status_code, prober.patience_s) == (201, [])
    assert response.json()["probe_status"] == "pending"


@pytest.mark.django_db(transaction=True)
def test_create_whose_time_runs_out_is_kept_and_pending(call, prober):
    prober.outcome = None

    response = call(make.publisher(), "post", "/resources", body(), Prefer="wait=1")

    row = Resource.objects.get()
    answer = response.json()
    assert (response.status_code, response.headers["Preference-Applied"]) == (201, "wait")
    assert (answer["id"], answer["probe_status"]) == (row.pk, "pending")
    assert answer["task_id"] == f"task-{row.pk}"


@pytest.mark.django_db(transaction=True)
def test_create_that_waits_for_a_dead_magnet_keeps_nothing(call, prober):
    prober.outcome = False
    asked, before = body(), revision()

    response = call(make.publisher(), "post", "/resources?wait=true", asked)

    assert (response.status_code, response.json()["detail"]) == (400, "No peers were found.")
    assert (Resource.objects.count(), revision()) == (0, before)


@pytest.mark.django_db(transaction=True)
def test_create_that_waits_in_vain_keeps_nothing(call, prober):
    prober.outcome = OutageError("No worker is running.")

    response = call(make.publisher(), "post", "/resources?wait=true", body())

    assert (response.status_code, response.json()["detail"]) == (503, "No worker is running.")
    assert Resource.objects.count() == 0


@pytest.mark.parametrize(
    ("there", "new"),
    [
        (f"magnet:?xt=urn:btih:{V1}", f"magnet:?xt=urn:btih:{V1.upper()}"),
        (f"magnet:?xt=urn:btih:{V1}", f"magnet:?xt=urn:btih:{BASE32}"),
        (f"magnet:?xt=urn:btih:{BASE32}", f"magnet:?xt=urn:btih:{BASE32.lower()}"),
        (HYBRID, f"magnet:?xt=urn:btih:{V1}"),
        (HYBRID, f"magnet:?xt=urn:btmh:1220{V2}"),
        (f"magnet:?xt=urn:btih:{V1}", HYBRID),
        (f"magnet:?xt=urn:btmh:1220{V2}", HYBRID),
    ],
)
def test_duplicate_in_any_spelling_names_the_one_that_is_there(call, there, new):
    row = make.resource(magnet_uri=there)

    response = call(make.admin(), "post", "/resources", body(magnet_uri=new))

    answer = response.json()
    assert (response.status_code, answer["type"]) == (409, "urn:ghost:problem:duplicate")
    assert answer["resource_id"] == row.pk
    assert Resource.objects.count() == 1


def test_duplicate_of_a_strangers_resource_is_not_named(call):
    row = make.resource()

    response = call(
        make.publisher(name="Bob"), "post", "/resources", body(magnet_uri=row.magnet_uri)
    )

    assert (response.status_code, "resource_id" in response.json()) == (409, False)


@pytest.mark.parametrize("spelling", [f"urn:btih:{V1}", f"urn:btih:{BASE32}", f"urn:btmh:1220{V2}"])
def test_blocked_hash_is_refused(call, spelling):
    make.resource(magnet_uri=HYBRID).take_down(reason="law", by="Root")
    Resource.objects.all().delete()

    response = call(
        make.publisher(), "post", "/resources", body(magnet_uri=f"magnet:?xt={spelling}")
    )

    assert (response.status_code, response.json()["type"]) == (409, "urn:ghost:problem:blocked")


@pytest.mark.parametrize(
    "magnet",
    [
        "",
        "x",
        "http://example.org/a.torrent",
        "magnet:?dn=only-a-name",
        "magnet:?xt=urn:btih:123",
        f"magnet:?xt=urn:btih:{'0' * 40}",
        f"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{'a' * 40}",
        f"magnet:?xt=urn:btmh:1220{V1}",
        f"magnet:?xt=urn:btih:{V1}&dn={'a' * 9000}",
    ],
)
def test_malformed_magnet_is_named(call, magnet):
    response = call(make.publisher(), "post", "/resources", body(magnet_uri=magnet))

    fields = {error["field"] for error in response.json()["errors"]}
    assert (response.status_code, fields) == (422, {"magnet_uri"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "\u202e\u0007"),
        ("title", "x" * 301),
        ("title", None),
        ("content_markdown", "x" * 100_001),
        ("content_markdown", "数" * 40_000),
        ("content_markdown", None),
        ("tags", ["x"] * 31),
        ("tags", ["x" * 61]),
        ("tags", "x"),
        ("tags", None),
        ("tags", [None]),
        ("cover_image_url", "ftp://example.org/a.png"),
        ("cover_image_url", "javascript:alert(1)"),
        ("cover_image_url", "x"),
        ("category_id", 10**6),
        ("category_id", None),
        ("category_id", True),
        ("category_id", "1"),
        ("published_at", "2026-01-31T12:00:00"),
        ("published_at", "2026-01-31"),
        ("published_at", 1769860800),
        ("published_at", "1769860800"),
        ("published_at", "9999-12-31T23:59:59-14:00"),
        ("published_at", "0001-01-01T00:00:00+14:00"),
        ("published_at", "yesterday"),
        ("team_id", "1"),
        ("colour", "red"),
        ("dht_status", "Active"),
    ],
)
def test_value_beyond_its_limits_is_named(call, field, value):
    response = call(make.publisher(), "post", "/resources", body(**{field: value}))

    errors = response.json()["errors"]
    assert (response.status_code, errors[0]["field"].partition(".")[0]) == (422, field)
    assert Resource.objects.count() == 0


def test_limits_themselves_are_taken(call):
    tags = [f"{number:02}" + "数" * 58 for number in range(30)]
    asked = body(title="字" * 300, tags=tags, content_markdown="x" * 100_000)

    response = call(make.publisher(), "post", "/resources", asked)

    assert response.status_code == 201
    assert response.json()["tags"] == tags


def test_null_publishing_date_makes_a_draft(call):
    response = call(make.publisher(), "post", "/resources", body(published_at=None))

    assert (response.status_code, response.json()["state"]) == (201, "draft")


def test_member_publishes_into_its_team(call):
    member = make.member()

    response = call(member, "post", "/resources", body())

    assert (response.status_code, response.json()["team_id"]) == (201, member.scope_team_id)


def test_member_may_not_name_another_team(call):
    owner = make.publisher()
    member, other = make.member(make.team(owner)), make.team(owner, "Other")

    response = call(member, "post", "/resources", body(team_id=other.pk))

    assert response.status_code == 403


def test_publisher_names_a_team_of_its_own(call):
    token = make.publisher()
    own, foreign = make.team(token), make.team(make.publisher(name="Bob"))

    statuses = [
        call(token, "post", "/resources", body(team_id=pk)).status_code
        for pk in (own.pk, foreign.pk, 10**6)
    ]

    assert statuses == [201, 403, 403]


def test_admin_names_a_team_that_exists(call):
    token, team = make.admin(), make.team()

    statuses = [
        call(token, "post", "/resources", body(team_id=pk)).status_code for pk in (team.pk, 10**6)
    ]

    assert statuses == [201, 400]


def test_members_work_stays_in_its_team(call):
    owner = make.publisher()
    team = make.team(owner)
    row = make.resource(publisher=make.member(team), team=team)

    moved = call(owner, "put", f"/resources/{row.pk}", {"team_id": None})

    assert (moved.status_code, moved.json()["errors"][0]["field"]) == (422, "team_id")


@pytest.mark.parametrize(
    "title", ["\u3164", "\u200b", "\u2800", " \ufe0f ", "\u00ad", "\U000e0041"]
)
def test_title_that_nobody_can_see_is_refused(call, prober, title):
    response = call(make.publisher(), "post", "/resources", body(title=title))

    assert (response.status_code, response.json()["detail"]) == (422, "A title is required.")


@pytest.mark.parametrize(
    ("title", "status"), [("e\u0301" * 300, 201), ("é" * 301, 422), ("\u0958" * 300, 422)]
)
def test_length_of_a_title_counts_as_it_is_kept(call, prober, title, status):
    response = call(make.publisher(), "post", "/resources", body(title=title))

    assert response.status_code == status
    assert [len(row.title) for row in Resource.objects.all()] == [300] * (status == 201)


def test_integer_with_a_point_is_an_integer(call, prober):
    category = make.category()

    right = call(make.publisher(), "post", "/resources", body(category_id=float(category.pk)))
    wrong = call(make.publisher(), "post", "/resources", body(category_id=1.5))

    assert (right.status_code, wrong.status_code) == (201, 422)
