from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from builds import tasks
from builds.models import Build, BuildState
from resources.models import Resource
from tests import make
from tests.presence import present
from tests.stories.site.test_same_bytes import tree

pytestmark = pytest.mark.django_db


def rollback_site(*args: str) -> tuple[list[str], list[str]]:
    out, err = io.StringIO(), io.StringIO()
    call_command("rollback_site", *args, stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue().splitlines()


@pytest.fixture
def three(build):
    """Three states of the site; the tree of each, by the number of its build."""
    row = make.resource(title="One")
    trees = [tree(build())]
    for title in ("Two", "Three"):
        row.title = title
        row.store()
        trees.append(tree(build()))
    return dict(zip(Build.objects.order_by("pk").values_list("pk", flat=True), trees, strict=True))


def test_rollback_site_goes_to_the_state_before_the_present(three, build, settings):
    second = list(three)[1]

    out, err = rollback_site()

    told = {"result": "done", "build": second, "held": True}
    assert json.loads(out[-1]) == told
    assert err[0].startswith(f"The site is as build #{second} made it. Nothing is built by itself")
    assert tree(settings.GHOST.site_workdir / "public") == three[second]
    assert BuildState.get().held_build == second


@pytest.mark.parametrize("spelling", ["{}", "#{}"])
def test_rollback_site_goes_to_the_state_that_is_named(three, settings, spelling):
    first = next(iter(three))

    out, _ = rollback_site(spelling.format(first))

    assert json.loads(out[-1])["build"] == first
    assert tree(settings.GHOST.site_workdir / "public") == three[first]


def test_rollback_site_lists_what_is_kept(three):
    first, second, _ = Build.objects.order_by("pk")

    out, err = rollback_site("--list")

    assert err == []
    assert [line.split() for line in out] == [
        ["build", "begun", "(UTC)", "kind", "files", "requested", "by"],
        row_of(second, "changes"),
        row_of(first, "everything"),
    ]


def test_rollback_site_lists_where_there_is_no_way_back(three):
    Resource.objects.take_down(reason="asked", by="test")

    out, _ = rollback_site("--list")

    barred = "no way back: something was taken down since"
    assert [line.endswith(barred) for line in out] == [False, True, True]


def row_of(build: Build, kind: str) -> list[str]:
    begun = f"{build.started_at:%Y-%m-%d %H:%M:%S}".split()
    return [f"#{build.pk}", *begun, kind, f"{build.changed:,}", build.trigger]


def test_rollback_site_without_an_earlier_state(build):
    build()

    assert rollback_site("--list") == ([], ["No earlier state of the site is kept."])
    with pytest.raises(CommandError, match=r"^No earlier state of the site is kept\.$") as caught:
        rollback_site()
    assert caught.value.returncode == 1


def test_rollback_site_refuses_what_can_not_be_and_changes_nothing(three, settings):
    third = list(three)[2]
    Resource.objects.take_down(reason="asked", by="test")

    with pytest.raises(CommandError, match=r"^1 resource was taken down since then"):
        rollback_site()
    with pytest.raises(CommandError, match=r"^The site is in that state now\.$"):
        rollback_site(str(third))
    with pytest.raises(CommandError, match=r"^That state of the site is no longer kept\.$"):
        rollback_site(str(third + 1))
    with pytest.raises(CommandError, match="invalid _number value: 'x'"):
        rollback_site("x")

    assert tree(settings.GHOST.site_workdir / "public") == three[third]
    assert (Build.objects.count(), BuildState.get().held_build) == (3, None)


def test_rollback_site_puts_back_what_is_deployed_too(build, configure, tmp_path):
    configure(deploy_target=str(tmp_path / "there"))
    row = make.resource(title="One")
    tasks.build_now("test")
    before = tree(tmp_path / "there")
    row.title = "Two"
    row.store()
    tasks.build_now("test")
    assert tree(tmp_path / "there") != before

    rollback_site()

    assert tree(tmp_path / "there") == before


def test_rollback_site_says_what_could_not_be_deployed(three, configure):
    configure(deploy_target="/dev/null/there")

    with pytest.raises(CommandError, match=r"^What is deployed was not put back\. /dev/null"):
        rollback_site()

    assert BuildState.get().held_build == list(three)[1]


def test_rollback_site_waits_for_nobody(three):
    Build.objects.claim("somebody else")

    with pytest.raises(CommandError, match=r"^A build is running; try again"):
        rollback_site()


def test_rollback_site_says_what_the_machine_lacks(three, monkeypatch):
    def fail(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builds.tree.releases.swap_to", fail)

    with pytest.raises(CommandError, match=r"half restored; build it\. OSError: \[Errno 28\]"):
        rollback_site()

    assert (present(Build.objects.first()).state, BuildState.get().token) == ("failed", "")
