"""Whatever goes wrong, and whenever: the site stays whole, the change pending, and the next build
brings about what a full build would."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from builds import tasks
from builds.models import Build, BuildState
from builds.render import hugo
from builds.tree import releases
from ghost.core.errors import OutageError
from resources.models import Resource
from tests.builds.catalog import Catalog
from tests.builds.faults import Place, broken, differing, pending, some, tree
from tests.presence import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(monkeypatch):
    """Lists of many pages, and work in many parts, though there are few resources."""
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 4)
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 5)
    monkeypatch.setattr("builds.engine.sync.FIRST_PART_ENTRIES", 2)


@pytest.fixture(scope="session")
def edited_once(tmp_path_factory) -> tuple[Path, list[dict[str, bytes]]]:
    """Where the first test that needs it leaves its edited site for the others, with its trees."""
    return tmp_path_factory.mktemp("edited"), []


@pytest.fixture
def edited(place, small, edited_once):
    """A site with edits pending: its tree, and that of a full build."""
    folder, trees = edited_once
    if not trees:
        catalog = Catalog.fill()
        old = place.build()
        catalog.edit()
        place.copy_to(folder / "ghost")
        trees += [old, place.full()]
    place.root.with_name("edited").symlink_to(folder / "ghost")
    place.put_back("edited")
    return trees[0], trees[1]


def delta():
    tasks.build_now("test")


def full():
    tasks.build_now("test", force=True)


def require_whole(site, old, new):
    """Each file as it was or as it shall be, and no visitor of the pages that stay meets a dead
    link."""
    torn = [path for path in site if site[path] not in (old.get(path), new.get(path))]
    assert torn == []
    assert [path for path in old if path in new and path not in site] == []
    assert broken(site, set(old) & set(new)) == []


def require_mended(place, old, new, what=""):
    """The site is whole now; after the next build it is what a full build makes."""
    now = tree(place.public)
    require_whole(now, old, new)
    if now != new:
        assert pending(), what
    place.rescue()
    assert differing(tree(place.public), new) == [], what
    assert not pending()
    assert BuildState.get().token == releases.token_of(releases.current())
    assert not list(place.root.rglob("draft-*"))
    assert not list(place.root.rglob("new"))


# -- the builder dies


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [(delta, ("commit", "os.rename", "os.link", "DELETE")), (full, ("commit", "os.rename"))],
)
def test_a_builder_killed_at_any_moment_loses_nothing(place, edited, operation, kinds):
    moments = place.moments(operation)

    for number in some(moments, kinds, each=2):
        place.put_back("edited")
        assert place.kill(operation, number), moments[number]
        old, new = edited
        require_mended(place, old, new, f"{number}: {moments[number]}")


def test_a_builder_killed_while_it_places_everything_anew_loses_nothing(place, small, monkeypatch):
    monkeypatch.setattr("builds.engine.sync.MASS", 3)
    catalog = Catalog.fill()
    old = place.build()
    catalog.edit()
    place.keep("edited")
    new = place.full()
    moments = place.moments(delta)
    places = [n for n, what in enumerate(moments) if "listing" in what]

    for number in some(moments, (), 0) or places[:: max(1, len(places) // 3)]:
        place.put_back("edited")
        assert place.kill(delta, number), moments[number]
        require_mended(place, old, new, f"{number}: {moments[number]}")


def back():
    tasks.put_back(None, "test")


def test_a_rollback_killed_at_any_moment_leaves_a_whole_site(place, small):
    catalog = Catalog.fill()
    old = place.build()
    catalog.change()
    new = place.build()
    place.keep("built")
    moments = place.moments(back)

    for number in some(moments, ("commit", "os.rename", "os.remove"), each=1):
        place.put_back("built")
        assert place.kill(back, number), moments[number]
        require_whole(tree(place.public), new, old)
        place.rescue()
        found = tree(place.public)
        assert found == (old if BuildState.get().held_at else new), moments[number]


# -- the disk


@pytest.mark.parametrize(
    ("operation", "kinds"), [(delta, ("os.link", "mkdir")), (full, ("symlink",))]
)
def test_a_disk_that_is_full_from_any_moment_on_loses_nothing(place, edited, operation, kinds):
    moments = place.moments(operation)

    for number in some(moments, kinds, each=1):
        place.put_back("edited")
        place.fill(operation, number)
        old, new = edited
        require_mended(place, old, new, f"{number}: {moments[number]}")


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """A small one, mounted there."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"a disk can't be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("operation", [delta, full])
def test_a_really_full_disk_loses_nothing(place, small, operation):
    with disk(place.root / "site-workdir", "4m"):
        catalog = Catalog.fill()
        old = place.build()
        catalog.edit()
        ballast = place.root / "site-workdir" / "ballast"
        with ballast.open("wb", buffering=0) as stream, suppress(OSError):
            while stream.write(bytes(4096)):
                pass

        with pytest.raises((OSError, OutageError)):
            operation()

        assert differing(tree(place.public), old) == []
        assert pending()
        ballast.unlink()
        place.rescue()
        tasks.build_if_due()
        found = tree(place.public)
        assert differing(found, place.build(force=True)) == []
        assert not pending()


# -- the database


@pytest.mark.parametrize("operation", [delta, full])
def test_a_database_that_fails_at_any_moment_loses_nothing(place, edited, operation):
    moments = place.moments(operation)

    for number in some(moments, ("commit",), each=1):
        place.put_back("edited")
        place.lose(operation, number)
        old, new = edited
        require_mended(place, old, new, f"{number}: {moments[number]}")


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another process writes, and does not end."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE');"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, place.root / "ghost.db"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert present(other.stdout).readline() == b"locked\n"
        try:
            yield
        finally:
            present(other.stdin).close()


@pytest.fixture
def impatient(place):
    """Writers give up soon."""
    options = connection.settings_dict["OPTIONS"]
    patience = options["timeout"]
    connection.close()
    options["timeout"] = 0.1
    yield
    options["timeout"] = patience


@pytest.mark.parametrize("operation", [delta, full])
def test_a_database_that_is_locked_for_long_loses_nothing(
    place, edited, impatient, monkeypatch, operation
):
    real = hugo.render

    def render(*args, **kwargs):
        real(*args, **kwargs)
        stack.enter_context(locked(place))

    place.put_back("edited")
    with ExitStack() as stack:
        monkeypatch.setattr(hugo, "render", render)
        with pytest.raises(OperationalError):
            operation()
        monkeypatch.setattr(hugo, "render", real)

    require_mended(place, *edited)


# -- Hugo


def program(folder: Path, body: str) -> str:
    """A Hugo that tells its version and then does something else. `$records` is what it reads."""
    path = folder / "odd-hugo"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && exec {hugo.binary()} version\n'
        'for each in "$@"; do case $each in *,*/run.json)\n'
        "records=${each##*,}; records=${records%run.json}records/records.json;; esac; done\n"
        f'{body}\nexec {hugo.binary()} "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("operation", "body", "told"),
    [
        (delta, None, "was not found"),
        (delta, "echo no; exit 1", "can't render"),
        (full, "echo no; exit 1", "can't render"),
        (delta, "sleep 60", "was stopped after"),
        (full, "kill -9 $$", "can't render"),
    ],
    ids=["missing", "failing", "failing in full", "hanging", "killed"],
)
def test_a_hugo_that_does_not_work_loses_nothing(
    place, edited, configure, tmp_path, monkeypatch, operation, body, told
):
    place.put_back("edited")
    monkeypatch.setattr(hugo, "TIMEOUT_S", 0.3)
    configure(hugo_bin=program(tmp_path, body) if body else "/nowhere/hugo")

    with pytest.raises(OutageError, match=told):
        operation()

    assert told.split()[-1] in str(BuildState.get().last_error)
    assert differing(tree(place.public), edited[0]) == []
    configure(hugo_bin="hugo")
    monkeypatch.undo()
    require_mended(place, *edited)


def edit(row: Resource, text: str) -> None:
    row.refresh_from_db()
    row.content_markdown = text
    row.store()


@pytest.mark.parametrize("operation", [delta, full])
def test_a_page_that_hugo_can_not_render_is_left_out_until_it_is_edited(
    place, small, configure, tmp_path, operation
):
    catalog = Catalog.fill()
    old = place.build()
    configure(hugo_bin=program(tmp_path, "grep -q POISON $records && exit 1"))
    edit(catalog.edited, "POISON")
    page = f"resources/{catalog.edited.pk}/index.html"

    operation()

    found = tree(place.public)
    assert old.keys() - found.keys() == {page}
    assert present(Build.objects.first()).set_aside == [f"/resources/{catalog.edited.pk}/"]
    assert broken(found | {page: b""}, set(found)) == []
    edit(catalog.edited, "healthy")
    delta()
    assert present(Build.objects.first()).set_aside == []
    assert b"healthy" in tree(place.public)[page]
    assert differing(tree(place.public), place.full()) == []


@pytest.mark.parametrize(
    "body",
    ["kill -9 $$", "echo no space left on device; exit 1"],
    ids=["killed", "full disk"],
)
def test_a_page_is_not_left_out_for_a_fault_that_is_not_its_own(
    place, small, configure, tmp_path, body
):
    """The one page of a delta, as Hugo is killed or the disk is full."""
    catalog = Catalog.fill()
    old = place.build()
    configure(hugo_bin=program(tmp_path, body))
    edit(catalog.edited, "Some *words*.\n\n" + "1. one\n" * 3)  # its summary is in lists, too

    with pytest.raises(OutageError):
        delta()

    assert differing(tree(place.public), old) == []


# -- hands in the folder


def replace_link(place, new):
    real = place.public.resolve()
    place.public.unlink()
    shutil.copytree(real, place.public)


def remove_release(place, new):
    shutil.rmtree(place.public.resolve().parent)


def empty_state(place, new):
    (place.public.resolve().parent / releases.STATE).write_bytes(b"")


def other_state(place, new):
    (place.public.resolve().parent / releases.STATE).write_text('{"token": ["x"]}')


def remove_workdir(place, new):
    shutil.rmtree(place.root / "site-workdir")


def older_tree(place, new):
    """The tree is put back from a copy that is older than the database."""
    place.build()
    shutil.rmtree(place.root / "site-workdir")
    shutil.copytree(
        place.root.with_name("edited") / "site-workdir", place.root / "site-workdir", symlinks=True
    )


def older_database(place, new):
    """The database is put back from a copy that is older than the tree."""
    place.build()
    connection.close()
    for path in place.root.glob("ghost.db*"):
        path.unlink()
    for path in place.root.with_name("edited").glob("ghost.db*"):
        shutil.copyfile(path, place.root / path.name)


@pytest.mark.parametrize(
    "harm",
    [
        replace_link,
        remove_release,
        empty_state,
        other_state,
        remove_workdir,
        older_tree,
        older_database,
    ],
)
def test_a_tree_that_is_not_the_tables_is_built_anew(place, edited, harm):
    _, new = edited
    place.put_back("edited")

    harm(place, new)

    assert differing(place.build(), new) == []
    assert present(Build.objects.first()).is_full
    place.build()
    assert present(Build.objects.first()).state == "unchanged"
    assert not pending()


@pytest.mark.parametrize("harm", ["damaged", "removed", "of other types"])
def test_a_plan_that_is_lost_before_its_merge_is_replaced_by_a_full_build(place, edited, harm):
    old, new = edited
    moments = place.moments(delta)
    merging = [n for n, what in enumerate(moments) if what.startswith("os.link")]
    place.put_back("edited")
    assert place.kill(delta, merging[len(merging) // 2])
    [plan] = place.root.rglob("plan.json")
    if harm == "removed":
        plan.unlink()
    else:
        plan.write_text(
            "{" if harm == "damaged" else plan.read_text().replace("[", "{").replace("]", "}")
        )

    require_mended(place, old, new)

    assert present(Build.objects.first()).is_full


def test_a_second_workdir_gets_a_site_of_its_own(place, edited, configure):
    _, new = edited
    place.put_back("edited")
    place.build()
    configure(site_workdir=place.root / "other")

    place.build()

    assert differing(tree(place.root / "other" / "public"), new) == []
    assert differing(tree(place.public), new) == []
    configure(site_workdir=place.root / "site-workdir")
    assert differing(place.build(), new) == []
