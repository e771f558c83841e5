"""Releases that take the place of others."""

import pytest

from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def body(**kwargs):
    return {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk} | kwargs


def test_a_release_names_the_one_that_it_replaces(call):
    token = make.publisher()
    old = make.resource(publisher=token)

    made = call(token, "post", "/resources", body(supersedes_id=old.pk)).json()
    shown = call(token, "get", f"/resources/{old.pk}").json()
    cleared = call(token, "patch", f"/resources/{made['id']}", {"supersedes_id": None}).json()

    assert made["supersedes_id"] == old.pk
    assert shown["superseded_by"] == [made["id"]]
    assert cleared["supersedes_id"] is None


def test_only_what_is_in_scope_is_replaced(call):
    foreign = make.resource()

    response = call(
        make.publisher(name="Eve"), "post", "/resources", body(supersedes_id=foreign.pk)
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "supersedes_id"


def test_releases_do_not_replace_each_other_in_a_circle(call):
    token = make.publisher()
    first = make.resource(publisher=token)
    second = make.resource(publisher=token, supersedes=first)
    third = make.resource(publisher=token, supersedes=second)

    for older in (first, third):
        response = call(token, "patch", f"/resources/{first.pk}", {"supersedes_id": older.pk})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "supersedes_id"


def test_a_long_row_of_releases_costs_a_new_one_nothing(django_assert_max_num_queries):
    token, last = make.publisher(), None
    for _ in range(30):
        last = make.resource(publisher=token, supersedes=last, is_probed=False)
    last = present(last)

    with django_assert_max_num_queries(25):
        make.resource(publisher=token, supersedes=last, category=last.category, is_probed=False)
    with django_assert_max_num_queries(25):
        last.store()


def test_successors_that_the_asker_may_not_see_are_not_named(call):
    ada, eve = make.publisher(), make.publisher(name="Eve")
    old = make.resource(publisher=ada)
    mine = make.resource(publisher=ada, supersedes=old, published_at=None)
    public = make.resource(publisher=eve, supersedes=old)
    make.resource(publisher=eve, supersedes=old, published_at=None)

    shown = call(ada, "get", f"/resources/{old.pk}").json()["superseded_by"]

    assert shown == [public.pk, mine.pk]
