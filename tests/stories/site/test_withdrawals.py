"""What ends being public, by whatever way, leaves the site as what is taken down does, and no rollback
brings it back; once it is public again, it comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from builds import tasks
from builds.engine import rollback, takedowns
from builds.models import Build, BuildState
from builds.render import hugo
from builds.tree import releases
from ghost.core.catalog.models import Catalog, Removal
from resources.models import Block, Resource, findings
from tests import make
from tests.builds.faults import differing, tree
from tests.presence import present
from tests.resources.conftest import call, prober  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db
Way = Callable[[Resource], object]


def later(row: Resource) -> None:
    row.published_at = timezone.now() + timedelta(days=1)
    row.store()


def other_magnet(row: Resource) -> None:
    row.magnet_uri = make.magnet()
    row.store()


def deleted(row: Resource) -> None:
    row.alone().withdraw()
    Resource.objects.get(pk=row.pk).discard()


def half_blocked(row: Resource) -> None:
    half = "ab" * 32
    Block.objects.add([half], reason="asked", by="test")
    findings.record_metadata(
        row, make.torrent_metadata(row.magnet_hash, v1=row.magnet_hash, v2=half)
    )


WAYS: dict[str, Way] = {
    "withdrawn": lambda row: row.alone().withdraw(),
    "later": later,
    "other magnet": other_magnet,
    "to be reviewed": lambda row: row.alone().ask_review(),
    "deleted": deleted,
    "half blocked": half_blocked,
}


@pytest.fixture
def rows(configure) -> dict[str, Resource]:
    """A resource for each way, on the site; and one that stays."""
    configure(build_debounce_s=0)
    found = {name: make.resource(title=f"Zq {name}") for name in (*WAYS, "stays")}
    tasks.build_now("test")
    return found


def end(rows: dict[str, Resource]) -> None:
    for name, way in WAYS.items():
        way(rows[name])


def shown(rows: dict[str, Resource]) -> list[str]:
    """Those that the site names, in whatever file."""
    bodies = b"".join(tree(releases.public()).values()).decode(errors="replace")
    return [name for name, row in rows.items() if f"Zq {name}" in bodies or f"/{row.pk}/" in bodies]


def test_it_is_off_the_site_without_a_build(rows):
    end(rows)

    takedowns.take_off_site()

    assert shown(rows) == ["stays"]
    tasks.build_now("test")
    patched = tree(releases.public())
    tasks.build_now("test", force=True)
    assert differing(patched, tree(releases.public())) == []


def test_a_held_site_lets_it_go(rows):
    make.resource(title="More")
    tasks.build_now("test")
    tasks.put_back(None, "test")
    end(rows)

    takedowns.take_off_site()

    state = BuildState.get()
    assert (shown(rows), bool(state.held_at), bool(state.removal_due_at)) == (["stays"], True, True)


@pytest.mark.parametrize("is_whole", [False, True], ids=["delta", "full"])
def test_a_rollback_does_not_bring_it_back(rows, is_whole):
    rows.pop("half blocked")  # no state from before a takedown comes back at all
    for name in WAYS.keys() & rows.keys():
        WAYS[name](rows[name])
    tasks.build_now("test", force=is_whole)

    tasks.put_back(None, "test")

    assert (shown(rows), bool(BuildState.get().held_at)) == (["stays"], True)
    row = rows["withdrawn"]
    row.alone().publish()
    tasks.build_now("test")
    assert shown(rows) == ["withdrawn", "stays"]


def test_a_rollback_that_dies_leaves_it_to_the_watch(rows):
    rows["withdrawn"].alone().withdraw()
    tasks.build_now("test")

    rollback.to(None, "test")  # and no more
    tasks.take_removals_off()

    assert "withdrawn" not in shown(rows)


def test_a_full_build_under_way_does_not_bring_it(rows, monkeypatch):
    real = hugo.render

    def render(*args, **kwargs):
        real(*args, **kwargs)
        if Resource.objects.get(pk=rows["withdrawn"].pk).published_at:
            end(rows)

    monkeypatch.setattr(hugo, "render", render)
    tasks.build_now("test", force=True)

    assert shown(rows) == ["stays"]


def test_a_withdrawal_blocks_nothing_and_waits_as_other_changes_do():
    urgent = Catalog.get().urgent_revision

    make.resource().alone().withdraw()

    assert Removal.objects.get().kind == Removal.Kind.WITHDRAWAL
    assert (Block.objects.count(), Catalog.get().urgent_revision) == (0, urgent)


def test_by_the_api_where_no_schedules_run(rows, call, configure):  # noqa: F811  # a fixture
    configure(enable_scheduler=0)
    path, at = "/resources/{0.pk}", {"published_at": "2099-01-01T00:00:00Z"}
    call(make.admin(), "post", path.format(rows["withdrawn"]) + "/withdraw")
    call(make.admin(), "patch", path.format(rows["later"]), at)

    takedowns.take_off_site()

    assert not {"withdrawn", "later"} & set(shown(rows))
    assert BuildState.get().removal_due_at is None  # targets get it with the next build


def test_notes_of_what_left_go_once_no_state_that_is_kept_is_older(rows, configure):
    configure(site_releases_keep=1)
    rows["withdrawn"].alone().withdraw()
    takedowns.take_off_site()
    assert Removal.objects.count() == 1

    tasks.build_now("test", force=True)
    make.resource(title="More")
    tasks.build_now("test")

    assert Removal.objects.count() == 0
    assert present(Build.objects.first()).revision
