"""Lists of resources: what is found, and by which index."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from ghost.core.http import pagination
from ghost.core.text.folding import KEY_CHARS, MARK
from resources.models import DhtStatus, ProbeStatus, Resource, ResourceTag
from resources.states import State
from tests import make
from tests.ghost.torznab.answers import titles

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"


@pytest.fixture
def listed(client):
    """`listed(token, q="x")`: the ids that the API answers, and the answer itself."""

    def ask(token, **query):
        response = client.get("/api/resources", query, **make.auth(token))
        assert response.status_code == 200, response.json()
        return [item["id"] for item in response.json()], response

    return ask


def found(q: str) -> list[str]:
    rows = Resource.objects.matching(q=q).order_by("pk")
    return list(rows.values_list("title", flat=True))


# -- what is found


@pytest.mark.parametrize(
    ("title", "q"),
    [
        ("Big Buck Bunny", "buck b"),
        ("Москва слезам не верит", "МОСКВА"),
        ("Ελλάδα", "ελλάδΑ"),
        ("Straße", "STRASSE"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full"),
        ("Cafe\u0301 Müller", "CAFÉ"),
        ("数据集 2026", "据"),
        ("한국어", "국"),
        ("100% free_as_in[beer]", "0% f"),
        ("100% free_as_in[beer]", "_as_"),
        ("100% free_as_in[beer]", "[BEER]"),
        ("It's \\ a 'quote\"", "\\ A '"),
    ],
)
def test_search_finds_a_part_of_the_title_in_any_case(title, q):
    row = make.resource(title=title)
    make.resource(title="Something else")

    assert found(q) == [row.title]


@pytest.mark.parametrize(
    ("title", "q"),
    [
        ("Schitt's.Creek.S01E05.1080p", "schitts creek"),
        ("Schitt's Creek - S01E05", "Schitts.Creek.S01E05"),
        ("Law & Order", "order and law"),
        ("Le Fabuleux Destin d'Amélie Poulain", "amelie_fabuleux"),
        ("Debian 13 (netinst) amd64", "debian-netinst-amd64"),
    ],
)
def test_search_finds_all_words_whatever_stands_between_them(title, q):
    make.resource(title=title)
    make.resource(title=q.split(maxsplit=1)[0][:5])

    assert found(q) == [title]
    assert [row.title for row in Resource.objects.searched(q)] == [title]


def _spellings(v1: str, v2: str) -> list[str]:
    base32 = base64.b32encode(bytes.fromhex(v1)).decode()
    links = [
        f"magnet:?xt=urn:btih:{each}&dn=An%20other%20name&tr=udp%3A%2F%2Fa.example%3A80"
        for each in (v1, base32)
    ]
    shown = " ".join(v1[at : at + 4] for at in range(0, 40, 4))
    return [
        *(v1, v1.upper(), f" {v1}\n", base32, base32.lower(), f"urn:btih:{v1}", f"URN:BTIH:{base32}", shown),
        *links, *(link.replace("&", "&amp;") for link in links), quote(links[0], safe=""),
        f"MAGNET:?dn=x y z&xt=urn:btih:{v1.upper()}",
        *(f"1220{v2}", f"1220{v2.upper()}", f"urn:btmh:1220{v2}", v2[:40], f"magnet:?xt=urn:btmh:1220{v2}"),
        f"magnet:?xt=urn:btih:{v2[:40]}", f"magnet:?xt=urn:btih:{v1}&xt=urn:btmh:1220{v2}",
    ]  # fmt: skip


def test_search_finds_the_torrent_of_a_hash_or_link_in_any_spelling_everywhere(listed, client):
    row = make.resource(title="Wanted", magnet_uri=f"{make.magnet()}&xt=urn:btmh:1220{V2}")
    make.resource(title="Other")
    admin = make.admin()

    for q in _spellings(row.magnet_hash, V2):
        assert found(q) == ["Wanted"], q
        assert [each.title for each in Resource.objects.searched(q)] == ["Wanted"], q
        assert listed(admin, q=q)[0] == [row.pk], q
        answer = client.get("/api/torznab", {"t": "search", "q": q, "apikey": admin.raw})
        assert titles(answer) == ["Wanted"], q


@pytest.mark.parametrize("q", ["%", "_", "*", "?ig", "zz", "\\"])
def test_search_takes_no_sign_for_another(q):
    make.resource(title="Big Buck Bunny")

    assert found(q) == []


def test_search_finds_by_a_part_of_any_hash():
    v1, other = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a", "0123456789abcdef" * 4
    make.resource(title="v1", magnet_uri=make.magnet(v1))
    make.resource(title="hybrid", magnet_uri=f"{make.magnet()}&xt=urn:btmh:1220{V2}")
    make.resource(title="found half")
    Resource.objects.filter(title="found half").update(other_hash=other)
    make.resource(title="Words c12fe1c06b in it")

    assert found("C12FE1C06B") == ["v1", "Words c12fe1c06b in it"]
    assert found(V2[10:30]) == ["hybrid"]
    assert found(other) == ["found half"]
    assert found("c12fe") == ["Words c12fe1c06b in it"]  # too short for a hash


def test_search_follows_the_title():
    row = make.resource(title="Before")

    row.title = "AFTER"
    row.store()
    Resource.objects.bulk_create([_plain(title="In Bulk")])

    assert (found("before"), found("after"), found("in bulk")) == ([], ["AFTER"], ["In Bulk"])


def test_folded_titles_stay_short_enough_for_an_index():
    row = make.resource(title="\ufdfa" * 300)  # 18 characters each, once composed

    assert len(MARK + Resource.objects.get(pk=row.pk).title_folded) == KEY_CHARS


def test_updated_since_finds_what_changed_at_that_moment_or_later(listed):
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    rows = [make.resource() for _ in range(3)]
    for row, minutes in zip(rows, (-1, 0, 1), strict=True):
        at = moment + timedelta(minutes=minutes)
        Resource.objects.filter(pk=row.pk).update(updated_at=at)

    ids, _ = listed(make.admin(), updated_since="2026-05-01T14:00:00+02:00")

    assert ids == [rows[2].pk, rows[1].pk]


@pytest.mark.parametrize("moment", ["2026-05-01", "2026-05-01T12:00:00", "yesterday", "1"])
def test_updated_since_needs_a_zone(client, moment):
    response = client.get("/api/resources", {"updated_since": moment}, **make.auth(make.admin()))

    assert response.status_code == 422
    assert [e["field"] for e in response.json()["errors"]] == ["updated_since"]


def test_count_is_told_for_all_pages_if_asked_for(listed):
    owner = make.publisher()
    for _ in range(3):
        make.resource(publisher=owner)
    make.resource(publisher=make.publisher(name="Eve"))
    last = Resource.objects.filter(publisher=owner).latest("pk").pk

    _, asked = listed(owner, limit=2, count="true", cursor=last)
    _, silent = listed(owner, limit=2)

    assert asked["X-Total-Count"] == "3"
    assert "count=true" in asked["Link"] if asked.has_header("Link") else True
    assert not silent.has_header("X-Total-Count")


def test_pages_of_long_texts_end_early(listed, monkeypatch):
    monkeypatch.setattr(pagination, "MOST_BYTES", 2500)
    monkeypatch.setattr(pagination, "AT_ONCE", 3)
    token, ids = make.admin(), [make.resource(content_markdown="x" * 1000).pk for _ in range(8)]
    seen, query = [], {"limit": 7}

    while query:
        page, response = listed(token, **query)
        seen.append(page)
        cursor = response.headers.get("Link", "").partition("cursor=")[2].partition(">")[0]
        query = {"limit": 7, "cursor": cursor} if cursor else {}

    assert [len(page) for page in seen] == [3, 3, 2]
    assert [pk for page in seen for pk in page] == ids[::-1]


def test_pages_of_long_checksums_end_early(listed, monkeypatch):
    monkeypatch.setattr(pagination, "MOST_BYTES", 2500)
    monkeypatch.setattr(pagination, "AT_ONCE", 3)
    long = [{"algorithm": "sha1", "value": "ab" * 20, "file": "x" * 960}]
    for _ in range(4):
        make.resource(checksums=long)

    page, response = listed(make.admin(), limit=4)

    assert len(page) == 3
    assert response.has_header("Link")


def _plain(**kwargs) -> Resource:
    """A row that nobody has checked."""
    v1 = make.info_hash()
    given = {"title": "Plain", "magnet_hash": v1, "magnet_uri": make.magnet(v1)} | kwargs
    if "publisher" not in given:
        given |= {"publisher": make.publisher(), "category": make.category()}
    return Resource(**given)


@pytest.fixture
def mixed():
    """Tokens of each scope, and resources of every kind: `mixed(300)`."""

    def fill(count: int, body: str = "") -> dict[str, object]:
        rng, now = random.Random(5), timezone.now()
        owner, stranger = make.publisher(name="Owner"), make.publisher(name="Stranger")
        teams = [make.team(owner), make.team(stranger, "Other")]
        members = [make.member(each) for each in teams]
        makers = [(owner, None), (stranger, None), (members[0], teams[0]), (members[1], teams[1])]
        makers += [(owner, teams[1])]  # an Admin's doing
        categories = [make.category() for _ in range(3)]
        rows = []
        for _ in range(count):
            publisher, team = rng.choice(makers)
            rows.append(
                _plain(
                    title=rng.choice(["Ubuntu", "Debian 中", "Straße", "x"]),
                    content_markdown=body,
                    publisher=publisher,
                    team=team,
                    category=rng.choice(categories),
                    dht_status=rng.choice(list(DhtStatus)),
                    probe_status=rng.choice(list(ProbeStatus)),
                    probed_at=rng.choice([None, now]),
                    published_at=rng.choice([None, now, now, now + timedelta(days=1)]),
                    takedown_at=rng.choice([None, None, None, now]),
                    awaits_review=rng.random() < 0.2,
                    updated_at=rng.choice([LONG_AGO, now]),
                    tags=rng.choice([[], ["Film"], ["Film", "数据"]]),
                )
            )
        made = Resource.objects.bulk_create(rows)
        ResourceTag.objects.bulk_create(
            ResourceTag(resource=row, slug={"Film": "film"}.get(tag, tag), name=tag)
            for row in made
            for tag in row.tags
        )
        return {
            "tokens": [make.admin(), owner, members[0], make.publisher(name="Nobody")],
            "category": categories[0],
            "team": teams[0],
        }

    return fill


def _filters(world) -> list[tuple[str, Any, Callable[[Resource], bool]]]:
    """Name, value, and what is true of each resource that it finds."""
    return [
        ("q", "ubu", lambda r: "Ubuntu" in r.title),
        ("q", "中", lambda r: "中" in r.title),
        ("category_id", world["category"].pk, lambda r: r.category_id == world["category"].pk),
        ("tag", "FILM", lambda r: "Film" in r.tags),
        ("dht_status", "Stale", lambda r: r.dht_status == "Stale"),
        ("probe_status", "ok", lambda r: r.probe_status == "ok"),
        ("team_id", world["team"].pk, lambda r: r.team_id == world["team"].pk),
        ("updated_since", "2026-01-01T00:00:00Z", lambda r: r.updated_at > LONG_AGO),
        *(("state", state.value, partial(_stands, state)) for state in State),
    ]


def _stands(state: State, row: Resource) -> bool:
    return row.state == state


def _is_seen(token, row: Resource) -> bool:
    if token.is_admin:
        return True
    if token.scope_team_id:
        return row.team_id == token.scope_team_id
    return row.publisher_id == token.pk or (row.team is not None and row.team.owner_id == token.pk)


def test_filters_find_what_they_say_in_every_scope_and_together(mixed):
    world = mixed(120)
    rows = list(Resource.objects.select_related("team").order_by("-pk"))
    filters = _filters(world)
    pairs = [pair for pair in combinations(filters, 2) if pair[0][0] != pair[1][0]]

    for token in world["tokens"]:
        scope = [row for row in rows if _is_seen(token, row)]
        for wanted in [(), *((each,) for each in filters), *pairs]:
            query = {name: value for name, value, _ in wanted}
            standing = scope if "state" in query else [r for r in scope if not r.takedown_at]
            expected = [r.pk for r in standing if all(is_so(r) for _, _, is_so in wanted)]

            assert (query, _keys(token, query)) == (query, expected)


def test_filters_are_taken_from_the_address(listed, mixed):
    world = mixed(60)
    owner = world["tokens"][1]

    for name, value, _ in _filters(world):
        ids, _response = listed(owner, **{name: value})
        assert (name, ids) == (name, _keys(owner, {name: value}))


def _keys(token, query: dict[str, Any]) -> list[int]:
    return list(_rows(token, query).values_list("pk", flat=True))


def _rows(token, query: dict[str, Any]):
    given = {name: _typed(name, value) for name, value in query.items()}
    return Resource.objects.in_scope(token).matching(**given).order_by("-pk")


def _typed(name: str, value: Any) -> Any:
    if name == "updated_since":
        return datetime.fromisoformat(str(value))
    return State(value) if name == "state" else value


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("buck bunny", ["Big Buck Bunny"]),
        ("BUNNY film", ["Big Buck Bunny"]),
        ("fil", ["Big Buck Bunny", "Москва"]),
        ("МОСК", ["Москва"]),
        ("数据", ["Москва"]),
        ("free softw", ["Москва"]),
        ("softw", []),
        ("bunny москва", []),
        ("%", []),
        (" ", ["Big Buck Bunny", "Москва"]),
    ],
)
def test_operators_find_words_of_titles_and_beginnings_of_tags(words, titles):
    make.resource(title="Big Buck Bunny", tags=["Film"])
    make.resource(title="Москва", tags=["Film", "数据集", "Free Software"])

    rows = Resource.objects.order_by("pk").searched(words)

    assert list(rows.values_list("title", flat=True)) == titles


# -- by which index


@pytest.mark.django_db(transaction=True)  # VACUUM runs in no transaction
def test_every_list_is_found_by_an_index(mixed):
    world = mixed(4000, body="word " * 300)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    filters = _filters(world)
    pairs = [pair for pair in combinations(filters, 2) if pair[0][0] != pair[1][0]]
    wanted = [
        (),
        *((each,) for each in filters),
        *pairs,
        tuple({f[0]: f for f in filters}.values()),
    ]

    plans = {
        _rows(token, {name: value for name, value, _ in some}).values_list("pk")[:101].explain()
        for token in world["tokens"]
        for some in wanted
    }

    assert {how for how in plans if not _is_by_index(how)} == set()
    assert any("resources_walk" in how for how in plans)


def _is_by_index(plan: str) -> bool:
    """SQLite: one walk down the index, which has all that is asked for, and nothing to sort.
    PostgreSQL chooses among indexes by what it knows of the values; it reads no row in vain."""
    if connection.vendor == "sqlite":
        walks = "SCAN resources_resource USING COVERING INDEX resources_walk" in plan
        return walks and "TEMP B-TREE" not in plan and "SEARCH resources_resource" not in plan
    return not re.search(r"Seq Scan on resources_resource\b", plan)


def test_queue_of_reviews_is_found_by_its_own_index():
    rows = Resource.objects.in_state(State.REVIEW)

    plan = rows.order_by("-pk").explain()

    if connection.vendor == "sqlite":  # PostgreSQL reads an empty table as it is
        assert "USING INDEX resources_awaiting_review" in plan
