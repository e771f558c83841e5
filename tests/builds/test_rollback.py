from __future__ import annotations

import pytest

from builds import rollback, tasks
from builds.models import Build, BuildState
from ghost.errors import RefusedError
from resources.models import Resource
from tests import make
from tests.builds.test_same_bytes import tree

pytestmark = pytest.mark.django_db


def test_rollback_restores_each_kept_state_byte_for_byte(build):
    row = make.resource(title="One")
    first = tree(build())
    row.title = "Two"
    row.store()
    second = tree(build())
    make.resource(title="Three", tags=["new"])
    public = build()
    builds = list(Build.objects.order_by("pk"))

    rollback.to(builds[1].pk, "test")
    assert tree(public) == second

    rollback.to(builds[0].pk, "test")
    assert tree(public) == first


def test_rollback_goes_back_to_another_release(build):
    row = make.resource(title="One")
    build()
    row.title = "Two"
    row.store()
    before = tree(build())
    public = build(force=True)

    rollback.to(None, "test")

    assert tree(public) == before


def test_a_site_put_back_waits_until_somebody_builds(build, settings):
    row = make.resource(title="One")
    before = tree(build())
    row.title = "Two"
    row.store()
    public = build()
    rollback.to(None, "test")

    assert tasks.build_when_quiet() == tasks.HELD
    assert (tree(public), BuildState.get().held_at != "") == (before, True)
    tasks.build_now("somebody")

    assert "Two" in (public / f"resources/{row.pk}/index.html").read_text()
    assert BuildState.get().held_at == ""


def test_what_was_taken_down_never_comes_back(build):
    row = make.resource()
    build()
    Resource.objects.filter(pk=row.pk).take_down(reason="asked", by="test")
    public = build()
    now = tree(public)

    with pytest.raises(RefusedError, match="1 resources were taken down since then"):
        rollback.to(None, "test")

    assert tree(public) == now
    assert Build.objects.first().state == Build.State.FAILED


def test_a_takedown_ends_the_wait(build):
    make.resource(title="One")
    gone = make.resource(title="Gone")
    build()
    make.resource(title="Two")
    public = build()
    rollback.to(None, "test")
    Resource.objects.filter(pk=gone.pk).take_down(reason="asked", by="test")

    tasks.build_at_once()

    assert not (public / f"resources/{gone.pk}/index.html").exists()


def test_nothing_to_go_back_to_is_refused(build):
    build()

    with pytest.raises(RefusedError, match="not kept any more"):
        rollback.to(None, "test")
