"""Resources through the API: what goes in, what comes out, who may, and what a probe decides."""

import base64
import hashlib
import math
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from ghost.core.config.version import VERSION
from ghost.core.errors import OutageError
from ghost.core.text.reasons import words
from resources.models import Block, DhtStatus, ProbeStatus, Resource, findings
from resources.schemas import ResourceItem, ResourceOut
from resources.swarms import SwarmCheck
from resources.torrents import metadata
from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"
BASE32 = base64.b32encode(bytes.fromhex(V1)).decode()
HYBRID = f"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}"


def body(**kwargs) -> dict:
    if "category_id" not in kwargs:
        kwargs["category_id"] = make.category().pk
    return {"title": "A title", "magnet_uri": make.magnet()} | kwargs


def revision() -> int:
    return Catalog.get().revision


# -- create


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
def test_change_whose_time_runs_out_is_kept_and_pending(call, prober):
    prober.outcome = None
    row = make.resource()

    response = call(
        make.admin(), "put", f"/resources/{row.pk}", {"magnet_uri": make.magnet()}, Prefer="wait=1"
    )

    answer = response.json()
    assert (response.status_code, response.headers["Preference-Applied"]) == (200, "wait")
    assert (answer["probe_status"], answer["task_id"]) == ("pending", f"task-{row.pk}")


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


# -- teams


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


# -- scope


def cast():
    """Who looks, and which of four resources they see."""
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")
    team, other = make.team(ada), make.team(bob, "Other")
    mia, max_ = make.member(team, "Mia"), make.member(other, "Max")
    rows = {
        "ada alone": make.resource(publisher=ada),
        "ada in team": make.resource(publisher=ada, team=team),
        "mia": make.resource(publisher=mia, team=team),
        "bob alone": make.resource(publisher=bob),
    }
    seen = {
        "admin": (make.admin(), set(rows)),
        "ada": (ada, {"ada alone", "ada in team", "mia"}),
        "bob": (bob, {"bob alone"}),
        "mia": (mia, {"ada in team", "mia"}),
        "max": (max_, set()),
    }
    return rows, seen


@pytest.mark.parametrize("who", ["admin", "ada", "bob", "mia", "max"])
def test_list_holds_what_is_in_scope(call, who):
    rows, seen = cast()
    token, visible = seen[who]

    listed = {item["id"] for item in call(token, "get", "/resources").json()}

    assert listed == {rows[name].pk for name in visible}


def test_expired_and_revoked_tokens_open_nothing(call):
    late, ended = make.publisher(name="Late"), make.publisher(name="Ended")
    type(late).objects.filter(pk=late.pk).update(expires_at=timezone.now())
    ended.revoke()

    statuses = [call(token, "get", "/resources").status_code for token in (late, ended)]

    assert statuses == [401, 401]


# -- read and list


def test_list_items_leave_out_the_tree():
    assert set(ResourceOut.model_fields) - set(ResourceItem.model_fields) == {
        "files_tree",
        "notes",
        "published_magnet_uri",
        "superseded_by",
        "public_url",
        "task_id",
    }


def test_read_shows_the_tree_as_folders(call):
    row = make.resource()

    answer = call(make.admin(), "get", f"/resources/{row.pk}").json()

    readme = {"name": "README.txt", "type": "file", "size_bytes": 1000, "children": None}
    [work] = answer["files_tree"]
    assert (work["type"], work["size_bytes"], work["children"][0]) == ("dir", 3_000_000, readme)
    assert (answer["total_size_human"], answer["file_count"]) == ("2.86 MiB", 2)


def test_metadata_is_what_the_probe_found(call):
    row = make.resource()

    answer = call(make.admin(), "get", f"/resources/{row.pk}/metadata").json()

    del answer["files_tree"]
    assert answer == {
        "magnet_hash": row.magnet_hash,
        "total_size_bytes": 3_000_000,
        "total_size_human": "2.86 MiB",
        "file_count": 2,
        "files_tree_summary": "README.txt, track.flac",
        "num_peers": 3,
        "fetched_at": present(row.probed_at).isoformat(),
        "backend": "libtorrent",
        "created_at": None,
    }


def test_metadata_of_an_unprobed_one_is_missing(call):
    row = make.resource(is_probed=False)

    assert call(make.admin(), "get", f"/resources/{row.pk}/metadata").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_as_many_queries_for_one_as_for_three(client, django_assert_num_queries, count):
    owner = make.publisher()
    team = make.team(owner)
    for number in range(count):
        member = make.member(team, f"Member {number}")
        make.resource(publisher=member, team=team, category=make.category())
    client.get("/api/resources", **make.auth(owner))

    with django_assert_num_queries(3):  # the token, the keys, the rows
        response = client.get("/api/resources", **make.auth(owner))

    assert len(response.json()) == count


def test_pages_follow_one_another_newest_first(call):
    token = make.admin()
    ids = [make.resource().pk for _ in range(5)]
    path, pages = "/resources?limit=2&state=live", []

    while path:
        response = call(token, "get", path)
        pages.append([item["id"] for item in response.json()])
        link = response.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        path = link.partition("/api")[2].partition(">")[0]

    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]


def in_order(call, token: Token, query: str) -> list[int]:
    """Keys of all pages of two."""
    path, found = f"/resources?limit=2&{query}", list[int]()
    while path:
        response = call(token, "get", path)
        found += [item["id"] for item in response.json()]
        path = response.headers.get("Link", "").partition("/api")[2].partition(">")[0]
    return found


@pytest.mark.parametrize(
    ("sort", "order"),
    [("newest", "edcba"), ("seeds", "dcbea"), ("-seeds", "bdcea"), ("missing_since", "aedcb"),
     ("-missing_since", "aedcb"), ("last_seen_at", "aedcb"), ("-last_seen_at", "dcbea")],
)  # fmt: skip
def test_lists_are_sorted_and_paged_with_what_has_no_value_last(call, sort, order):
    token, rows = make.admin(), {name: make.resource() for name in "abcde"}
    told = {"b": 9, "c": 4, "d": 4}
    Resource.objects.record_checks(
        {rows[name].pk: SwarmCheck(DhtStatus.ACTIVE, seeds=seeds) for name, seeds in told.items()}
        | {rows["a"].pk: SwarmCheck(DhtStatus.STALE, 2)}
    )

    found = in_order(call, token, f"sort={sort}")

    assert found == [rows[name].pk for name in order]


def test_lists_are_narrowed_by_band_and_by_how_long_somebody_is_missing(call):
    token, gone, kept = make.admin(), make.resource(), make.resource()
    make.checked(gone.alone(), DhtStatus.STALE, misses=2)
    make.checked(kept.alone(), DhtStatus.ACTIVE, seeds=4)
    make.checked(kept.alone(), DhtStatus.ACTIVE, seeds=4)

    assert in_order(call, token, "seeds_band=0") == [gone.pk]
    assert in_order(call, token, "seeds_band=3-9") == [kept.pk]
    assert in_order(call, token, "missing_before=2999-01-01T00:00:00Z") == [gone.pk]
    assert in_order(call, token, "missing_before=2020-01-01T00:00:00Z") == []


def test_a_page_after_a_row_that_is_gone_is_refused(call):
    gone = make.resource(published_at=None)
    cursor = gone.pk
    gone.discard()

    refused = call(make.admin(), "get", f"/resources?sort=seeds&cursor={cursor}")

    assert refused.status_code == 400
    assert "first page" in refused.json()["detail"]


def test_filters_narrow_the_list(call):
    token = make.admin()
    team = make.team()
    odd = make.resource(
        title="Odd Żółw",
        tags=["C++"],
        category=make.category("Only"),
        team=team,
        publisher=team.owner,
        is_probed=False,
    )
    Resource.objects.filter(pk=odd.pk).update(dht_status=DhtStatus.STALE, probe_status="timeout")
    make.resource(title="Even", category=make.category())

    found = {
        query: [item["id"] for item in call(token, "get", f"/resources?{query}").json()]
        for query in [
            "q=odd",
            f"q={odd.magnet_hash[5:20].upper()}",
            "tag=c%2B%2B",
            f"category_id={odd.category_id}",
            f"team_id={team.pk}",
            "dht_status=Stale",
            "probe_status=timeout",
            "state=held",
            f"q=odd&state=held&team_id={team.pk}",
        ]
    }

    assert found == {query: [odd.pk] for query in found}
    assert call(token, "get", "/resources?q=%25").json() == []


def test_states_part_the_catalog(call):
    now, token = timezone.now(), make.admin()
    rows = {
        "draft": make.resource(published_at=None),
        "scheduled": make.resource(published_at=now + timedelta(days=1)),
        "held": make.resource(is_probed=False),
        "live": make.resource(),
        "taken_down": make.resource(),
    }
    rows["taken_down"].take_down(reason="x", by="x")
    skipped = make.resource(is_probed=False)
    Resource.objects.filter(pk=skipped.pk).skip_probe()

    found = {
        state: [i["id"] for i in call(token, "get", f"/resources?state={state}").json()]
        for state in rows
    }

    assert found == {s: [r.pk] for s, r in rows.items()} | {"live": [skipped.pk, rows["live"].pk]}
    assert {row.pk: row.state for row in Resource.objects.all()} == {
        pk: state for state, pks in found.items() for pk in pks
    }
    everything = {item["id"] for item in call(token, "get", "/resources").json()}
    assert rows["taken_down"].pk not in everything
    assert len(everything) == 5


# -- change


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


# -- probe, take down, restore


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


def test_takedown_blocks_and_restore_unblocks(call):
    row, admin = make.resource(magnet_uri=HYBRID), make.admin(name="Root")

    down = call(admin, "post", f"/resources/{row.pk}/takedown", {"reason": "by law"})
    blocked = sorted(Block.objects.values_list("info_hash", "reason", "created_by"))
    back = call(admin, "post", f"/resources/{row.pk}/restore")

    assert (down.status_code, down.json()["state"]) == (200, "taken_down")
    assert down.json()["takedown_reason"] == "by law"
    assert blocked == [(V1, "by law", "Root"), (V2, "by law", "Root")]
    assert (back.status_code, back.json()["state"]) == (200, "live")
    assert (back.json()["takedown_reason"], Block.objects.count()) == ("", 0)


def test_taken_down_resource_is_changed_by_admins_alone(call):
    owner = make.publisher()
    row = make.resource(publisher=owner)
    row.take_down(reason="x", by="x")
    path = f"/resources/{row.pk}"

    statuses = [
        call(owner, "get", path).status_code,
        call(owner, "put", path, {"title": "x"}).status_code,
        call(owner, "post", f"{path}/probe").status_code,
        call(make.admin(), "put", path, {"title": "x"}).status_code,
    ]

    assert statuses == [200, 403, 403, 200]


def test_probe_of_a_taken_down_one_is_refused(call, prober):
    row = make.resource()
    row.take_down(reason="x", by="x")

    response = call(make.admin(), "post", f"/resources/{row.pk}/probe")

    assert (response.status_code, prober.queued) == (409, [])


def test_takedown_needs_a_reason(call):
    row = make.resource()

    response = call(make.admin(), "post", f"/resources/{row.pk}/takedown", {"reason": ""})

    assert (response.status_code, Resource.objects.get().takedown_at) == (422, None)


@pytest.mark.parametrize(("first", "second"), [("v1", "v2"), ("v2", "v1")])
def test_takedown_covers_the_half_that_only_the_probe_knows(call, first, second):
    links = {"v1": make.magnet(V1), "v2": f"magnet:?xt=urn:btmh:1220{V2}"}
    row = make.resource(magnet_uri=links[first], is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, v1=V1, v2=V2))
    eve, admin = make.publisher(name="Eve"), make.admin()

    listed = call(eve, "post", "/resources", body(magnet_uri=links[second]))
    call(admin, "post", f"/resources/{row.pk}/takedown", {"reason": "x"})
    blocked = call(eve, "post", "/resources", body(magnet_uri=links[second]))
    call(admin, "post", f"/resources/{row.pk}/restore")

    kinds = [answer.json()["type"].rpartition(":")[2] for answer in (listed, blocked)]
    assert (kinds, listed.json().get("resource_id")) == (
        ["duplicate", "blocked"],
        None,
    )
    assert (Block.objects.count(), Resource.objects.get().state) == (0, "live")


def test_found_by_the_hash_that_only_the_probe_knows(call):
    row = make.resource(magnet_uri=make.magnet(V1), is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(V1, v1=V1, v2=V2))

    found = call(make.admin(), "get", f"/resources?q={V2[:20]}").json()

    assert [item["id"] for item in found] == [row.pk]


def test_edit_keeps_the_half_that_the_probe_found(call):
    row = make.resource(magnet_uri=make.magnet(V1), is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(V1, v1=V1, v2=V2))

    answer = call(make.admin(), "put", f"/resources/{row.pk}", {"title": "New"}).json()

    row.refresh_from_db()
    assert (answer["state"], row.title, row.other_hash) == ("live", "New", V2)


def test_metadata_before_a_probe_says_why_it_is_missing(call):
    row = make.resource(is_probed=False)

    response = call(make.admin(), "get", f"/resources/{row.pk}/metadata")

    assert (response.status_code, response.json()["detail"]) == (404, "No probe has succeeded yet.")


def test_torrent_file_is_saved_under_the_title(call):
    info = b"d6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces20:" + b"x" * 20 + b"e"
    v1 = hashlib.sha1(info).hexdigest()
    link = f"{make.magnet(v1)}&tr=udp%3A%2F%2Ftracker.example%3A1337"
    row = make.resource(title='A "title" / 公共\u2067', magnet_uri=link, is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(v1, info=info, v1=v1))

    response = call(make.admin(), "get", f"/resources/{row.pk}/torrent")

    assert response.content == (
        b"d8:announce26:udp://tracker.example:1337"
        b"13:announce-listll26:udp://tracker.example:1337ee"
        b"10:created by%d:Ghost %b"
        % (len(f"Ghost {VERSION}"), VERSION.encode())
        + b"4:info"
        + info
        + b"e"
    )
    assert (response.status_code, response["Content-Type"]) == (200, "application/x-bittorrent")
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''a-title-%E5%85%AC%E5%85%B1.torrent"
    )


def test_torrent_that_cannot_be_made_says_why(call):
    unprobed, other, lost = make.resource(is_probed=False), make.resource(), make.resource()
    metadata.forget(lost.magnet_hash)

    answers = [
        call(make.admin(), "get", f"/resources/{row.pk}/torrent") for row in (unprobed, other, lost)
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert [answer["Content-Type"] for answer in answers] == ["application/problem+json"] * 3
    assert [answer.json()["detail"] for answer in answers] == [
        "No probe has succeeded yet.",
        "Its info section is not known; probe the resource again.",
        "What the probe found is lost; probe the resource again.",
    ]


def test_failed_cover_is_told_to_its_publisher(call):
    row = make.resource(cover_image_url="https://example.org/a.png")
    findings.record_cover(row, None, error=words("It is no picture."))

    answers = [
        call(make.admin(), "get", path).json() for path in ("/resources", f"/resources/{row.pk}")
    ]

    assert [answers[0][0]["cover_error"], answers[1]["cover_error"]] == ["It is no picture."] * 2


# -- words


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


@pytest.mark.parametrize(
    ("path", "sent", "errors"),
    [
        ("/resources", [], [("", "The body must be a JSON object.")]),
        ("/resources", 5, [("", "The body must be a JSON object.")]),
        ("/resources/1/takedown", None, [("", "The body must be a JSON object.")]),
        ("/resources/1/takedown", {"reason": "x", "y": 1}, [("y", "There is no such field.")]),
        (
            "/categories",
            {"name": "x", "parent_id": 77},
            [("parent_id", "There is no such category.")],
        ),
        (
            "/categories",
            {"name": "Linux"},
            [("slug", "There is already a category “linux” at this level.")],
        ),
    ],
)
def test_mistake_is_told_in_plain_words(call, path, sent, errors):
    make.category("Linux")

    answer = call(make.admin(), "post", path, sent).json()

    assert [(e["field"], e["message"]) for e in answer["errors"]] == errors


@pytest.mark.parametrize("cursor", ["x", "0", "-1", "1.5", "9" * 30])
def test_wrong_cursor_is_told_in_plain_words(call, cursor):
    answer = call(make.admin(), "get", f"/resources?cursor={cursor}").json()

    said = "This is not a cursor: take it from the Link header of the previous page."
    assert answer["errors"] == [{"field": "cursor", "message": said}]


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (
            "/resources/",
            "There is nothing here; the address has no trailing slash: /api/resources",
        ),
        ("/nowhere/", "There is nothing here."),
    ],
)
def test_slash_too_many_is_told(call, path, detail):
    assert call(make.admin(), "get", path).json()["detail"] == detail


def test_title_of_a_problem_is_the_same_on_every_python(call):
    answer = call(make.admin(), "post", "/resources", {}).json()

    assert (answer["status"], answer["title"]) == (422, "Unprocessable Content")


def test_integer_with_a_point_is_an_integer(call, prober):
    category = make.category()

    right = call(make.publisher(), "post", "/resources", body(category_id=float(category.pk)))
    wrong = call(make.publisher(), "post", "/resources", body(category_id=1.5))

    assert (right.status_code, wrong.status_code) == (201, 422)


# -- what the public site is told


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


def test_what_is_not_public_moves_nothing(call):
    row = make.resource(published_at=None)
    admin, before = make.admin(), revision()

    call(admin, "put", f"/resources/{row.pk}", {"title": "Other"})
    call(admin, "post", f"/resources/{row.pk}/probe")
    call(admin, "post", "/resources", body(category_id=row.category_id))

    assert revision() == before


def test_takedown_of_what_is_not_public_any_more_moves_it_once(call):
    """A withdrawal may not be on the site yet: whatever stands there has to go."""
    row = make.resource(published_at=None)
    admin, before = make.admin(), revision()

    call(admin, "post", f"/resources/{row.pk}/takedown", {"reason": "x"})
    call(admin, "post", f"/resources/{row.pk}/restore")

    assert revision() == before + 1


def test_what_is_public_moves_it_each_time(call):
    row, admin = make.resource(), make.admin()
    moves = []

    for action, sent in [("takedown", {"reason": "x"}), ("restore", None), ("probe", None)]:
        before = revision()
        call(admin, "post", f"/resources/{row.pk}/{action}", sent)
        call(admin, "post", f"/resources/{row.pk}/{action}", sent)
        moves.append(revision() - before)

    assert moves == [1, 1, 0]
