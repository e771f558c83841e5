"""The category tree, by its rules and through the API."""

import json

import pytest
from django.core.exceptions import ValidationError

from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from resources.models import Category
from resources.models.category import MAX_DEPTH
from tests import make

pytestmark = pytest.mark.django_db


def call(client, token, method, path, body=None):
    return client.generic(
        method,
        f"/api/categories{path}",
        b"" if body is None else json.dumps(body).encode(),
        content_type="application/json",
        **make.auth(token),
    )


def revision() -> int:
    return Catalog.get().revision


def test_tree_lists_all_in_order_with_depth_path_and_count(client):
    films = make.category("Films")
    shorts = make.category("短片", parent=films)
    make.category("Audio")
    make.category("Last", sort_order=9)
    make.category("First", parent=films, sort_order=-1)
    make.resource(category=shorts)

    tree = call(client, make.member(), "GET", "/tree").json()

    shown = [(n["path"], n["depth"], n["resource_count"], n["root_id"] == films.pk) for n in tree]
    assert shown == [
        ("audio", 0, 0, False),
        ("films", 0, 0, True),
        ("films/first", 1, 0, True),
        ("films/短片", 1, 1, True),
        ("last", 0, 0, False),
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_tree_takes_two_queries_for_any_size(client, django_assert_num_queries, count):
    token, parent = make.admin(), None
    for _ in range(count):
        parent = make.category(parent=parent)
    call(client, token, "GET", "/tree")

    with django_assert_num_queries(2):
        tree = call(client, token, "GET", "/tree").json()

    assert len(tree) == count


def test_create_makes_a_slug_by_rule(client):
    parent = make.category("Root")

    response = call(
        client, make.publisher(), "POST", "", {"name": " ../C++ & 数据 ", "parent_id": parent.pk}
    )

    row = Category.objects.get(pk=response.json()["id"])
    assert response.status_code == 201
    assert response.json() == {
        "id": row.pk,
        "root_id": parent.pk,
        "parent_id": parent.pk,
        "name": "../C++ & 数据",
        "slug": "c-plus-plus-and-数据",
        "sort_order": 0,
        "torznab_id": None,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def test_longest_name_has_a_slug_that_fits():
    row = make.category("+" * 100)

    row.refresh_from_db()
    assert len(row.slug.encode()) <= 190


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": " \u202e "}, 422, "name"),
        ({"name": "x" * 101}, 422, "name"),
        ({"name": "Page"}, 422, "slug"),
        ({"name": "x", "sort_order": 2**31}, 422, "sort_order"),
        ({"name": "x", "parent_id": 10**6}, 400, "parent_id"),
        ({"name": "Taken"}, 409, "slug"),
        ({"name": "x", "slug": "TAKEN"}, 409, "slug"),
    ],
)
def test_create_refuses(client, body, status, field):
    make.category("Taken")

    response = call(client, make.admin(), "POST", "", body)

    errors = [error["field"] for error in response.json()["errors"]]
    assert (response.status_code, errors[0]) == (status, field)
    assert Category.objects.count() == 1


def test_siblings_differ_and_cousins_need_not(client):
    one, two = make.category("One"), make.category("Two")
    make.category("Same", parent=one)

    token = make.admin()
    cousin = call(client, token, "POST", "", {"name": "Same", "parent_id": two.pk})
    sibling = call(client, token, "POST", "", {"name": "same", "parent_id": one.pk})

    assert (cousin.status_code, sibling.status_code) == (201, 409)


def test_move_keeps_the_root_right_in_the_whole_subtree(client):
    old, new = make.category("Old"), make.category("New")
    child = make.category("Child", parent=old)
    grandchild = make.category("Grandchild", parent=child)
    token = make.admin()

    moved = call(client, token, "PUT", f"/{child.pk}", {"parent_id": new.pk})
    under_new = set(Category.objects.filter(root=new).values_list("pk", flat=True))
    freed = call(client, token, "PUT", f"/{child.pk}", {"parent_id": None})
    under_child = set(Category.objects.filter(root=child).values_list("pk", flat=True))

    assert (moved.status_code, moved.json()["root_id"]) == (200, new.pk)
    assert under_new == {new.pk, child.pk, grandchild.pk}
    assert (freed.status_code, freed.json()["root_id"]) == (200, child.pk)
    assert under_child == {child.pk, grandchild.pk}


def test_put_leaves_what_it_does_not_name(client):
    parent = make.category("Parent")
    row = make.category("Row", parent=parent, sort_order=3)

    answer = call(client, make.admin(), "PUT", f"/{row.pk}", {"name": "Other"}).json()

    assert (answer["name"], answer["slug"], answer["sort_order"], answer["parent_id"]) == (
        "Other",
        "row",
        3,
        parent.pk,
    )


@pytest.mark.parametrize("onto", ["itself", "child", "grandchild"])
def test_no_category_lies_below_itself(client, onto):
    top = make.category("Top")
    child = make.category("Child", parent=top)
    grandchild = make.category("Grandchild", parent=child)
    target = {"itself": top, "child": child, "grandchild": grandchild}[onto]

    response = call(client, make.admin(), "PUT", f"/{top.pk}", {"parent_id": target.pk})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "parent_id")
    assert Category.objects.get(pk=top.pk).parent_id is None


def test_depth_is_bounded():
    parent = None
    for _ in range(MAX_DEPTH):
        parent = make.category(parent=parent)

    with pytest.raises(ValidationError, match="be nested at most"):
        make.category(parent=parent)


def test_depth_counts_what_hangs_below_a_moved_one():
    deep = make.category()
    for _ in range(MAX_DEPTH - 2):
        deep = make.category(parent=deep)
    top = make.category()
    make.category(parent=top)
    top.parent = deep

    with pytest.raises(ValidationError, match="be nested at most"):
        top.store()


def test_delete_wants_it_empty(client):
    parent = make.category("Parent")
    full = make.category("Full", parent=parent)
    make.resource(category=full)
    free = make.category("Free")
    token = make.admin()

    statuses = [call(client, token, "DELETE", f"/{c.pk}").status_code for c in (parent, full, free)]

    assert statuses == [400, 400, 204]
    assert set(Category.objects.all()) == {parent, full}


def test_delete_refuses_while_a_taken_down_resource_is_in_it():
    row = make.resource()
    row.take_down(reason="x", by="x")

    with pytest.raises(RefusedError, match="has resources"):
        row.category.discard()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_unknown_category_is_missing(client, method):
    assert call(client, make.admin(), method, "/123456", {}).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_publisher_changes_only_what_it_made_and_is_alone_in(client, method):
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")
    own, shared, foreign = (
        make.category("Own", created_by=ada),
        make.category("Shared", created_by=ada),
        make.category("Foreign", created_by=bob),
    )
    make.resource(category=shared, publisher=bob)

    statuses = [
        call(client, ada, method, f"/{row.pk}", {}).status_code for row in (own, shared, foreign)
    ]

    assert statuses == [204 if method == "DELETE" else 200, 403, 403]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_publisher_changes_nothing_above_somebody_elses_work(client, method):
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")
    tops = [make.category(f"Top {n}", created_by=ada) for n in range(3)]
    middles = [make.category("Middle", parent=top, created_by=ada) for top in tops]
    make.category("Bob's", parent=middles[0], created_by=bob)
    make.resource(category=middles[1], publisher=bob)
    make.resource(category=middles[2], publisher=ada)

    statuses = [call(client, ada, method, f"/{top.pk}", {}).status_code for top in tops]

    assert statuses == [403, 403, 400 if method == "DELETE" else 200]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_members_of_ones_own_teams_count_as_oneself(client, method):
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")
    mia, eve = make.member(make.team(ada, "A")), make.member(make.team(bob, "B"))
    rows = [make.category(name, created_by=ada) for name in ("Own", "Foreign")]
    for row, member in zip(rows, (mia, eve), strict=True):
        make.resource(category=row, publisher=member, team=member.scope_team)
    by_member = make.category("Mia's", created_by=mia)

    statuses = [
        call(client, ada, method, f"/{row.pk}", {}).status_code for row in (*rows, by_member)
    ]

    free = 204 if method == "DELETE" else 200
    assert statuses == [400 if method == "DELETE" else 200, 403, free]


def test_revision_moves_with_what_is_public(client):
    token, row = make.admin(), make.category("Row")
    moves = []

    for method, path, body in [
        ("PUT", f"/{row.pk}", {}),
        ("PUT", f"/{row.pk}", {"name": "Row"}),
        ("PUT", f"/{row.pk}", {"name": "Other"}),
        ("PUT", f"/{row.pk}", {"sort_order": 5}),
        ("POST", "", {"name": "New"}),
        ("POST", "", {"name": "New"}),
        ("DELETE", f"/{row.pk}", None),
    ]:
        before = revision()
        call(client, token, method, path, body)
        moves.append(revision() - before)

    assert moves == [0, 0, 1, 1, 1, 0, 1]
