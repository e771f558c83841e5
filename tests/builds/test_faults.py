"""Whatever goes wrong, and whenever: the site stays whole, the change pending, and the next build
brings about what a full build would."""

from __future__ import annotations

import pytest

from builds import release, tasks
from builds.models import Build, BuildState
from tests.builds.catalog import Catalog
from tests.builds.faults import broken, differing, pending, some, tree

pytestmark = pytest.mark.django_db
MERGE = ("os.rename index.html", "os.rename manifest.json", "os.rename")


@pytest.fixture
def small(monkeypatch):
    """Lists of many pages, though there are few resources."""
    monkeypatch.setattr("builds.places.PAGE_ROWS", 4)
    monkeypatch.setattr("builds.places.SHARD_ITEMS", 5)


@pytest.fixture
def edited(place, small):
    """A site with edits pending: its tree, and that of a full build."""
    catalog = Catalog.fill()
    old = place.build()
    catalog.edit()
    place.keep("edited")
    return old, place.full()


def delta():
    tasks.build_now("test")


def full():
    tasks.build_now("test", force=True)


def require_whole(site, old, new):
    """Each file as it was or as it shall be, and no visitor of the old pages meets a dead link."""
    torn = [path for path in site if site[path] not in (old.get(path), new.get(path))]
    assert torn == []
    assert [path for path in old if path in new and path not in site] == []
    assert broken(site, set(old)) == []


def require_mended(place, old, new, what=""):
    """The site is whole now; after the next build it is what a full build makes."""
    now = tree(place.public)
    require_whole(now, old, new)
    if now != new:
        assert pending()
    place.rescue()
    if now != new or pending():
        assert Build.objects.first().state in {"done", "unchanged"}
    found = tree(place.public)
    for n in differing(found, new)[:2]:
        print(n, found.get(n), new.get(n))
    assert differing(tree(place.public), new) == [], what
    assert not pending()
    assert BuildState.get().token == release.token_of(release.current())
    assert not list(place.root.rglob("draft-*"))


@pytest.mark.parametrize("deed", [delta, full])
def test_a_builder_killed_at_any_moment_loses_nothing(place, edited, deed):
    moments = place.moments(deed)

    for number in some(moments, ("commit", "os.rename", "DELETE", "os.link"), each=3):
        place.put_back("edited")
        assert place.kill(deed, number), moments[number]
        require_mended(place, *edited, f"{number}: {moments[number]}")


