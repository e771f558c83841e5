"""What happens while a build runs: edits, takedowns, other builders, and the clock."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from builds import reasons, tasks
from builds.models import Build, BuildState
from builds.render import hugo
from builds.tree import releases
from ghost.core.catalog.models import Change
from resources.models import Resource
from tests import make
from tests.builds.catalog import Catalog
from tests.builds.faults import differing, exit_code, pending, some, tree
from tests.results import said
from tests.stories.site.test_same_bytes import Editor
from tests.threads import Beginning

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(monkeypatch):
    """Lists of many pages, though there are few resources."""
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 4)
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 5)


@pytest.fixture
def catalog(place, small):
    """A catalog whose site is built."""
    catalog = Catalog.fill()
    place.build()
    OrmQ.objects.all().delete()
    return catalog


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(operation)`: have it done once, in the middle of the next build."""
    real = hugo.render

    def arrange(operation):
        def render(*args, **kwargs):
            monkeypatch.setattr(hugo, "render", real)
            operation()
            real(*args, **kwargs)

        monkeypatch.setattr(hugo, "render", render)

    return arrange


def queued() -> list[str]:
    """What waits in the queue, which is empty then."""
    names = [task.func().rpartition(".")[2] for task in OrmQ.objects.order_by("pk")]
    OrmQ.objects.all().delete()
    return names


def page(place, row) -> str:
    path = place.public / f"resources/{row.pk}/index.html"
    return path.read_text() if path.exists() else ""


def rename(row, title):
    row.refresh_from_db()
    row.title = title
    row.store()


def take_down(row):
    Resource.objects.filter(pk=row.pk).take_down(reason="asked", by="test")


def run_queue() -> None:
    """Do what is queued, as a worker would."""
    for name in queued():
        getattr(tasks, name)()


@pytest.mark.parametrize("force", [True, False], ids=["full", "delta"])
def test_an_edit_during_a_build_is_on_the_site_after_the_next_which_asks_for_itself(
    place, catalog, meanwhile, force
):
    rename(catalog.gone, "Before")
    queued()
    meanwhile(lambda: rename(catalog.edited, "Meanwhile"))

    tasks.build_now("test", force=force)

    assert "Before" in page(place, catalog.gone)
    assert "Meanwhile" not in page(place, catalog.edited)
    assert pending()
    assert set(queued()) == {"build_when_quiet"}
    tasks.build_when_quiet()
    assert "Meanwhile" in page(place, catalog.edited)
    assert not pending()
    assert not Change.objects.filter(on_site_at=None).exists()
    assert differing(tree(place.public), place.full()) == []


@pytest.fixture
def taken_down_meanwhile(catalog, meanwhile, configure) -> list[object]:
    """In the next build something is taken down, and a worker finds us at it; what it said."""
    configure(build_debounce_s=600)
    rename(catalog.edited, "Before")
    queued()
    told: list[object] = []

    def operation():
        take_down(catalog.gone)
        told.extend(queued())
        told.append(tasks.build_at_once())

    meanwhile(operation)
    return told


@pytest.mark.parametrize(
    "operation",
    [
        lambda: tasks.build_now("test"),
        lambda: tasks.build_now("test", force=True),
        tasks.verify_site,
    ],
)
def test_a_takedown_during_a_build_is_in_what_that_publishes(
    place, catalog, taken_down_meanwhile, operation
):
    operation()

    assert taken_down_meanwhile == ["build_at_once", reasons.BUSY().plain()]
    assert page(place, catalog.gone) == ""
    assert "Before" in page(place, catalog.edited)
    assert queued() == ["build_at_once"]
    tasks.build_at_once()
    assert not pending()
    assert differing(tree(place.public), place.full()) == []


def test_a_takedown_whose_build_fails_is_tried_again_by_the_clock(place, catalog, configure):
    take_down(catalog.gone)
    configure(hugo_bin="/nowhere", build_debounce_s=600)
    with pytest.raises(Exception, match="was not found"):
        tasks.build_at_once()
    configure(hugo_bin="hugo")
    BuildState.objects.update(next_try_at=timezone.now())  # its pause is over

    tasks.note_published()

    assert page(place, catalog.gone) == ""


def test_a_takedown_during_a_rollback_does_not_come_back(place, catalog, monkeypatch):
    rename(catalog.edited, "Two")
    place.build()
    real = releases.swap_to

    def swap_to(folder):
        real(folder)
        take_down(catalog.gone)
        run_queue()  # a worker takes it, and finds us at it

    monkeypatch.setattr(releases, "swap_to", swap_to)

    tasks.put_back(None, "test")

    assert page(place, catalog.gone) == ""
    run_queue()
    assert BuildState.get().held_at


def test_of_two_builders_at_once_one_builds(place, catalog):
    rename(catalog.edited, "Both")
    before = Build.objects.count()

    def operation():
        told = said(tasks.build_now("race"))
        assert told == str(reasons.BUSY()) or told.endswith(("done", "unchanged")), told

    children = [place.fork(operation) for _ in range(3)]

    assert [exit_code(pid) for pid in children] == [0, 0, 0]
    made = list(Build.objects.all()[: Build.objects.count() - before])
    assert sorted(build.state for build in made)[0] == "done"
    assert {build.state for build in made} <= {"done", "unchanged"}
    assert "Both" in page(place, catalog.edited)
    assert differing(tree(place.public), place.full()) == []


KINDS = {
    False: ("plan.json", "os.link", "os.rename"),
    True: ("records.json", "state.json", "os.symlink"),
}


@pytest.mark.parametrize("force", [True, False], ids=["full", "delta"])
def test_a_builder_that_wakes_up_after_its_lease_spoils_nothing(place, catalog, force):
    """It falls asleep before a write. Others find it dead, and take back what it was about to do."""
    take_down(catalog.gone)
    rename(catalog.edited, "One")
    make.resource(title="Fresh", tags=["fresh"])

    def operation():
        tasks.build_now("sleeper", force=force)

    place.keep("due")
    moments = place.moments(operation)
    tried = 0
    for number in some(moments, KINDS[force], each=1):
        place.put_back("due")
        with place.asleep(operation, number):
            if place.is_locked():
                continue
            place.rescue()
            Resource.objects.filter(pk=catalog.gone.pk).restore()
            rename(catalog.edited, "Two")
            take_down(Resource.objects.get(title="Fresh"))
            place.build()
            expected = tree(place.public)
        tried += 1

        assert "Two" in page(place, catalog.edited), moments[number]
        assert differing(tree(place.public), expected) == [], moments[number]
        assert differing(place.build(), expected) == [], moments[number]
    assert tried >= 2


def test_what_comes_out_between_two_looks_of_the_clock_is_not_lost(place, catalog):
    """Another build looks at the catalog first, after its hour and before the clock."""
    row = make.resource(title="Tomorrow", published_at=timezone.now() + timedelta(seconds=0.6))
    place.build()
    assert page(place, row) == ""
    time.sleep(0.6)
    rename(catalog.edited, "Something else")
    place.build()

    tasks.note_published()
    run_queue()

    assert "Tomorrow" in page(place, row)
    assert differing(tree(place.public), place.full()) == []


def test_what_is_scheduled_comes_out_by_the_clock_alone(place, catalog):
    row = make.resource(title="Tomorrow", published_at=timezone.now() + timedelta(seconds=0.6))
    place.build()
    queued()
    assert said(tasks.note_published()) == "0 scheduled resources came out"
    time.sleep(0.6)

    assert said(tasks.note_published()) == "1 scheduled resource came out"

    run_queue()
    assert "Tomorrow" in page(place, row)
    assert not pending()


def test_random_edits_in_a_thread_while_builds_run_end_in_the_site_of_a_full_build(place, small):
    editor = Editor(7)
    done = []

    def edit():
        for _ in range(50):
            done.append(editor.at_random())
            time.sleep(0.02)

    editing = Beginning(edit)
    builds = 0
    while editing.is_alive():
        place.build()
        builds += 1
    editing.result()

    found = place.build()

    assert (len(done), builds > 1) == (50, True)
    assert not pending()
    assert differing(found, place.full()) == [], done
