"""Resources as the API shows them: who sees which, lists, filters, metadata and torrent files."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.config.version import VERSION
from ghost.core.text.reasons import words
from resources.models import DhtStatus, Resource, findings
from resources.schemas import ResourceItem, ResourceOut
from resources.swarms import SwarmCheck
from resources.torrents import metadata
from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"


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


def test_found_by_the_hash_that_only_the_probe_knows(call):
    row = make.resource(magnet_uri=make.magnet(V1), is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(V1, v1=V1, v2=V2))

    found = call(make.admin(), "get", f"/resources?q={V2[:20]}").json()

    assert [item["id"] for item in found] == [row.pk]


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


@pytest.mark.parametrize("cursor", ["x", "0", "-1", "1.5", "9" * 30])
def test_wrong_cursor_is_told_in_plain_words(call, cursor):
    answer = call(make.admin(), "get", f"/resources?cursor={cursor}").json()

    said = "This is not a cursor: take it from the Link header of the previous page."
    assert answer["errors"] == [{"field": "cursor", "message": said}]
