"""What a search finds, and whose."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from ghost.torznab import query, results
from ghost.torznab.categories import Numbers
from resources.models import list_index
from tests import make
from tests.ghost.torznab.answers import items, titles

pytestmark = pytest.mark.django_db


def test_newest_by_publication_come_first(ask):
    now = timezone.now()
    for title, hours in (("scheduled long ago", 1), ("old", 30), ("middle", 5)):
        make.resource(title=title, published_at=now - timedelta(hours=hours))

    assert titles(ask(make.admin(), t="search")) == ["scheduled long ago", "middle", "old"]
    assert titles(ask(make.admin(), t="search", limit="1", offset="1")) == ["middle"]
    assert titles(ask(make.admin(), t="search", limit="0")) == []
    assert titles(ask(make.admin(), t="search", offset="3")) == []
    assert titles(ask(make.admin(), t="search", offset="9" * 18)) == []


def test_nothing_is_found_that_is_not_live(ask):
    make.resource(title="draft", published_at=None)
    make.resource(title="scheduled", published_at=timezone.now() + timedelta(days=1))
    make.resource(title="held", is_probed=False)
    make.resource(title="in review", awaits_review=True)
    make.resource(title="taken down").take_down(reason="x", by="y")
    make.resource(title="live")

    assert titles(ask(make.admin(), t="search")) == ["live"]


def test_each_token_finds_what_is_in_its_scope(ask):
    ada, bob = make.publisher(), make.publisher(name="Bob")
    team = make.team(owner=ada)
    mia = make.member(of=team)
    make.resource(title="Ada's", publisher=ada)
    make.resource(title="team's", publisher=mia, team=team)
    make.resource(title="Bob's", publisher=bob)

    assert sorted(titles(ask(make.admin(), t="search"))) == ["Ada's", "Bob's", "team's"]
    assert sorted(titles(ask(ada, t="search"))) == ["Ada's", "team's"]
    assert titles(ask(mia, t="search")) == ["team's"]
    assert titles(ask(bob, t="search", q="ada")) == []


def test_operator_may_let_every_token_find_all_that_is_public(ask, configure):
    configure(torznab_all=True)
    make.resource(title="live", publisher=make.publisher())
    make.resource(title="draft", published_at=None)

    assert titles(ask(make.member(), t="search")) == ["live"]


def test_lists_cost_as_many_queries_with_one_row_as_with_three(
    ask, django_assert_max_num_queries, django_assert_num_queries
):
    admin = make.admin()
    make.resource()
    ask(admin, t="search")  # which touches the token

    with django_assert_max_num_queries(6) as one:
        assert len(items(ask(admin, t="search"))) == 1
    make.resource(category=make.category(parent=make.category()))
    make.resource(publisher=make.publisher(name="Bob"))

    with django_assert_num_queries(len(one)):
        assert len(items(ask(admin, t="search"))) == 3
    with django_assert_max_num_queries(len(one)):
        ask(admin, t="tvsearch", q="resource 1", season="1")


@pytest.mark.skipif(
    "postgresql" in settings.DATABASES["default"]["ENGINE"], reason="PostgreSQL keeps statistics"
)
def test_search_walks_the_narrow_index_whatever_narrows_it():
    ada = make.publisher()
    make.team(owner=ada)
    make.resource(category=make.category(torznab_id=2000))
    wanted = query.read({"t": "search", "q": "a b", "cat": "2000", "tag": "x"})
    numbers = Numbers.read()

    columns = ("pk", "title_folded", *list_index.HASHES)  # all that may be looked at
    plan = results._matching(wanted, ada, numbers).values_list(*columns).explain()

    assert "SCAN resources_resource USING COVERING INDEX resources_walk" in plan
