"""What holds for any magnet, any cursor and any sequence of moves."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from resources.models import Category
from resources.torrents import magnets
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

V1 = st.binary(min_size=20, max_size=20).filter(any)  # all zeros is no hash
V2 = st.binary(min_size=32, max_size=32).filter(any)
NAMES = st.text(max_size=40)
few = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def spellings(digest: bytes) -> list[str]:
    base32 = base64.b32encode(digest).decode()
    return [digest.hex(), digest.hex().upper(), base32, base32.lower()]


@given(v1=V1, spelling=st.integers(0, 3), name=NAMES)
def test_a_hash_is_one_in_every_spelling(v1, spelling, name):
    uri = f"MAGNET:?dn={quote(name)}&xt=urn:btih:{spellings(v1)[spelling]}"

    assert magnets.parse(uri).hash == v1.hex()


@given(v1=st.none() | V1, v2=V2, name=NAMES)
def test_a_link_that_was_read_is_read_the_same_again(v1, v2, name):
    parts = [f"xt=urn:btmh:1220{v2.hex()}"] + ([f"xt=urn:btih:{v1.hex()}"] if v1 else [])
    first = magnets.parse(f"magnet:?{'&'.join(parts)}&dn={quote(name)}")

    again = magnets.parse(first.uri())

    assert again == first
    assert again.uri() == first.uri()
    assert (again.v1, again.v2) == (v1.hex() if v1 else None, v2.hex())


@given(text=st.text(max_size=300))
def test_whatever_is_no_magnet_is_refused_with_a_sentence(text):
    told, found = "", None
    try:
        found = magnets.parse(text)
    except RefusedError as error:
        told = str(error)

    assert bool(told) is (found is None)


@few
@given(cursor=st.text(max_size=40) | st.integers().map(str))
def test_any_cursor_is_a_place_or_refused(client, cursor):
    token = make.admin()
    make.resource()

    response = client.get("/api/resources", {"cursor": cursor}, **make.auth(token))

    assert response.status_code in (200, 422)


@few
@given(count=st.integers(0, 12), limit=st.integers(1, 13))
def test_pages_hold_everything_once_newest_first(client, count, limit):
    publisher = make.publisher()
    category = make.category()
    made = [make.resource(publisher=publisher, category=category).pk for _ in range(count)]
    query, seen = {"limit": limit}, []

    for _ in range(count + 2):
        response = client.get("/api/resources", query, **make.auth(publisher))
        page = [row["id"] for row in response.json()]
        assert len(page) <= limit
        seen += page
        if "Link" not in response.headers:
            break
        address = response.headers["Link"].partition(">")[0].removeprefix("<")
        query = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}

    assert seen == sorted(made, reverse=True)


@few
@given(moves=st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 5)), max_size=12))
def test_moves_never_make_a_cycle_and_keep_the_roots(moves):
    nodes = [make.category() for _ in range(6)]

    for at, to in moves:
        node = Category.objects.get(pk=nodes[at].pk)
        with suppress(ValidationError):  # a move that can't be changes nothing
            node.change({"parent_id": None if to is None else nodes[to].pk})

    for node in Category.objects.filter(pk__in=[n.pk for n in nodes]):
        path = [node]
        while path[-1].parent_id is not None:
            path.append(present(path[-1].parent))
            assert len(path) <= 6
        assert node.root_id == path[-1].pk
