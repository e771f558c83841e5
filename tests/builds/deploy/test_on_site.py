"""Since when readers see a resource as it is now: on the local site, and where that is deployed to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from builds import tasks
from builds.deploy import on_site
from builds.deploy.tasks import deploy_now
from builds.engine import rollback
from builds.models import Build, BuildState, Deployment, Output
from builds.tree import releases
from ghost.core.catalog.models import Catalog, Change
from ghost.core.events.models import Event, EventKind
from ghost.core.text.reasons import words
from resources.models import Resource
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def since(row):
    """As the API tells it."""
    found = Resource.objects.get(pk=row.pk)
    listed = Resource.objects.with_site_times().get(pk=row.pk)
    assert found.on_site_at == listed.on_site_at
    return found.on_site_at


def told() -> list[int]:
    events = Event.objects.filter(kind=EventKind.ON_SITE).order_by("pk")
    return [each["resource_id"] for event in events for each in event.data["resources"]]


def rename(row, title: str) -> None:
    row = Resource.objects.get(pk=row.pk)
    row.title = title
    row.store()


def test_a_resource_is_on_the_site_once_a_build_has_published_it(configure):
    configure(public_baseurl="https://site.example/")
    row, draft = make.resource(), make.resource(published_at=None)
    assert since(row) is None

    before = timezone.now()
    tasks.build_now("test")

    at = since(row)
    assert at is not None
    assert before < at < timezone.now()
    assert (since(draft), told()) == (None, [row.pk])
    event = Event.objects.get(kind=EventKind.ON_SITE)
    assert (event.token_id, event.team_id) == (row.publisher_id, row.team_id)
    assert event.data["resources"] == [
        {
            "resource_id": row.pk,
            "url": f"https://site.example/resources/{row.pk}/",
            "revision": Change.objects.get(pk=row.pk).revision,
            "on_site_at": at.isoformat(),
        }
    ]


def test_an_edit_is_on_the_site_with_the_build_that_saw_it(build):
    edited, other = make.resource(), make.resource()

    def edit_meanwhile(step):
        if step.name == "hugo" and Resource.objects.filter(pk=edited.pk, title="Film").exists():
            rename(edited, "Newer")

    Resource.objects.filter(pk=edited.pk).update(title="Film")
    build(listener=edit_meanwhile)
    on_site.settle()
    first = since(other)
    assert (since(edited), told()) == (None, [other.pk])

    build()
    on_site.settle()

    assert since(edited) is not None
    assert (since(other), told()) == (first, [other.pk, edited.pk])


def test_a_change_that_leaves_all_bytes_as_they_were_is_on_the_site(build):
    row = make.resource()
    build()
    on_site.settle()
    Catalog.advance(words("nothing that is shown"), [row.pk])
    assert since(row) is None

    build()
    on_site.settle()

    assert present(Build.objects.first()).state == Build.State.UNCHANGED
    assert (since(row) is not None, told()) == (True, [row.pk, row.pk])


def test_what_has_left_the_public_is_not_on_the_site(build):
    withdrawn, taken_down = make.resource(), make.resource()
    build()
    on_site.settle()

    withdrawn.alone().withdraw()
    taken_down.take_down(reason="asked", by="test")

    assert (since(withdrawn), since(taken_down)) == (None, None)
    build()
    on_site.settle()
    assert (since(withdrawn), Change.objects.count()) == (None, 0)
    withdrawn.alone().publish()
    build()
    on_site.settle()
    assert since(withdrawn) is not None


def test_a_failed_build_brings_nothing_to_the_site(build, configure):
    row = make.resource()
    build()
    on_site.settle()
    rename(row, "Newer")
    configure(hugo_bin="/nowhere/hugo")

    with pytest.raises(Exception, match="hugo"):
        build()
    on_site.settle()

    assert since(row) is None


def test_what_was_scheduled_is_on_the_site_after_its_hour(build):
    row = make.resource(published_at=timezone.now() + timedelta(hours=1))
    build()
    on_site.settle()
    assert since(row) is None

    come = Resource.objects.filter(pk=row.pk)
    come.update(published_at=timezone.now() - timedelta(microseconds=1))
    build()
    on_site.settle()

    assert (since(row) is not None, told()) == (True, [row.pk])


def test_a_page_that_hugo_could_not_render_is_not_on_the_site(build):
    row, other = make.resource(), make.resource()
    build()
    on_site.settle()
    page = Output.objects.filter(owner=f"entry/{row.pk}")
    page.update(languages_set_aside="en")
    rename(other, "Newer")
    build()
    on_site.settle()
    assert (since(row), since(other) is not None) == (None, True)

    page.update(languages_set_aside="")
    rename(other, "Newest")
    build()
    on_site.settle()

    assert since(row) is not None


def test_a_site_put_back_shows_no_newer_version(build):
    row, other = make.resource(), make.resource()
    build()
    on_site.settle()
    first = since(other)
    rename(row, "Newer")
    build()
    on_site.settle()
    assert since(row) is not None

    rollback.to(None, "test")
    on_site.settle()

    assert (since(row), since(other)) == (None, first)
    build()
    on_site.settle()
    assert (since(row) is not None, since(other)) == (True, first)


def test_where_a_target_is_set_a_version_is_there_once_it_is_deployed(build, broken):
    row = make.resource()
    tasks.build_now("test")
    assert (since(row), Deployment.objects.get().state) == (None, Deployment.State.FAILED)

    broken.unlink()
    deploy_now()

    assert (since(row) is not None, told()) == (True, [row.pk])


def test_a_site_that_no_row_knows_says_nothing(build):
    """A restored backup: another site lies there than its tables tell of."""
    row = make.resource()
    build()
    releases.set_token(present(releases.current()), "another")

    assert (on_site.settle(), since(row)) == (0, None)


def test_what_a_process_that_died_left_is_written_down_by_the_clock(build):
    row = make.resource()
    build()

    tasks.deploy_if_due()

    assert since(row) is not None
    assert BuildState.get().on_site_as_of == BuildState.get().built_as_of


def test_many_are_written_in_parts(build, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(on_site, "FIRST_PART_ROWS", 2)
    rows = [make.resource() for _ in range(5)]
    build()

    with django_assert_max_num_queries(40):
        assert on_site.settle() == 5

    assert sorted(told()) == sorted(row.pk for row in rows)
    with django_assert_max_num_queries(4):
        assert on_site.settle() == 0


@pytest.mark.parametrize("count", [1, 3])
def test_lists_tell_it_without_a_query_for_each(build, client, django_assert_num_queries, count):
    owner = make.publisher()
    for _ in range(count):
        make.resource(publisher=owner)
    tasks.build_now("test")
    client.get("/api/resources", **make.auth(owner))

    with django_assert_num_queries(3):  # the token, the keys, the rows
        response = client.get("/api/resources", **make.auth(owner))

    assert all(row["on_site_at"].endswith("+00:00") for row in response.json())
    assert len(response.json()) == count
