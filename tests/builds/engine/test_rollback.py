from __future__ import annotations

import pytest

from builds import reasons, tasks
from builds.engine import rollback, takedowns
from builds.models import Build, BuildState
from ghost.core.errors import RefusedError
from resources.models import Resource
from tests import make
from tests.presence import present
from tests.stories.site.test_same_bytes import tree

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

    assert tasks.build_when_quiet() == reasons.HELD().plain()
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

    with pytest.raises(RefusedError, match="1 resource was taken down since then"):
        rollback.to(None, "test")

    assert tree(public) == now
    assert (Build.objects.count(), str(BuildState.get().last_error)) == (2, "")


def test_a_takedown_does_not_end_the_wait(build):
    make.resource(title="One")
    gone = make.resource(title="Gone")
    build()
    make.resource(title="Two")
    public = build()
    rollback.to(None, "test")
    Resource.objects.filter(pk=gone.pk).take_down(reason="asked", by="test")
    takedowns.take_off_site()

    assert tasks.build_at_once() == reasons.HELD().plain()
    assert BuildState.get().held_at
    assert not (public / f"resources/{gone.pk}/index.html").exists()


def test_nothing_to_go_back_to_is_refused(build):
    build()

    with pytest.raises(RefusedError, match="No earlier state"):
        rollback.to(None, "test")


def test_going_back_again_goes_further_back(build):
    row = make.resource(title="One")
    first = tree(build())
    for title in ("Two", "Three"):
        row.title = title
        row.store()
        public = build()

    rollback.to(None, "test")
    rollback.to(None, "test")

    assert tree(public) == first
    with pytest.raises(RefusedError, match="No earlier state"):
        rollback.to(None, "test")


def test_a_state_is_known_by_each_build_that_found_it(build):
    row = make.resource(title="One")
    build()
    build()  # finds nothing to do
    row.title = "Two"
    row.store()
    build()
    first, unchanged, third = Build.objects.order_by("pk")

    assert rollback.point(unchanged.pk).build == first
    assert rollback.present() == third
    with pytest.raises(RefusedError, match="in that state now"):
        rollback.point(third.pk)
    with pytest.raises(RefusedError, match="no longer kept"):
        rollback.point(third.pk + 1)


def test_the_row_of_a_rollback_tells_what_it_did(build):
    row = make.resource(title="One")
    build()
    made = Build.objects.get()
    row.title = "Two"
    row.store()
    build()
    changed = present(Build.objects.first()).changed

    done = Build.objects.get(pk=rollback.to(None, "ada").pk)

    assert (done.state, done.trigger, done.back_to) == ("done", "ada", made.pk)
    assert (done.changed, done.pages, done.files) == (changed, made.pages, made.files)
    assert [(step.name, step.is_ok) for step in done.steps.all()] == [("rollback", True)]
    assert BuildState.get().held_build == made.pk
