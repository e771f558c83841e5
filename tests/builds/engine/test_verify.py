from __future__ import annotations

import pytest

from builds import tasks
from builds.models import Build, EntryRow
from ghost.core.catalog.models import Change
from resources.models import Resource
from tests import make
from tests.presence import present
from tests.stories.site.test_same_bytes import differing, tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(build):
    for number in range(3):
        make.resource(title=f"Work {number}", tags=["film"])
    return build()


def drift() -> int:
    tasks.verify_site()
    build = present(Build.objects.first())
    assert build.state in {"done", "unchanged"}, build.error
    return build.steps.get(name="verify").counts["drift"]


def test_a_site_as_it_should_be_is_left_alone(site):
    before = tree(site)

    assert drift() == 0
    assert tree(site) == before
    assert present(Build.objects.first()).state == "unchanged"


@pytest.mark.parametrize(
    "path", ["resources/1/index.html", "index/tags.json", "feeds/all.xml", "assets/site.css"]
)
@pytest.mark.parametrize("harm", ["removed", "emptied"])
def test_a_file_that_was_spoilt_is_mended(site, path, harm):
    path = path.replace("/1/", f"/{present(Resource.objects.first()).pk}/")
    before = tree(site)
    (site / path).unlink() if harm == "removed" else (site / path).write_bytes(b"")

    assert drift() == 1
    assert differing(tree(site), before) == []


def test_a_stray_file_is_removed(site):
    before = tree(site)
    (site / "resources/999").mkdir()
    (site / "resources/999/index.html").write_text("left behind")

    assert drift() == 1
    assert differing(tree(site), before) == []
    assert drift() == 0


def test_a_change_that_no_log_names_is_found(site):
    row = present(Resource.objects.first())
    Resource.objects.filter(pk=row.pk).update(title="Written past the rules")
    Change.objects.all().delete()

    tasks.verify_site()

    assert "Written past the rules" in (site / f"resources/{row.pk}/index.html").read_text()


def test_tables_that_lie_are_found(site):
    before = tree(site)
    row = present(EntryRow.objects.first())
    EntryRow.objects.filter(pk=row.pk).update(
        entry_json=row.entry_json.replace("Work", "Lie"), source="x"
    )

    tasks.verify_site()

    assert differing(tree(site), before) == []


def test_a_damaged_search_index_is_built_anew(site):
    before = tree(site)
    for path in site.rglob("search/*/*/*.json"):
        path.write_bytes(b"{}")

    tasks.verify_site()

    assert present(Build.objects.first()).is_full
    assert differing(tree(site), before) == []
