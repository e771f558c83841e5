"""Files and rows of covers that don't agree."""

from __future__ import annotations

import os
import time

import pytest
from django.utils import timezone

from builds import covers
from builds.covers import pictures as drawing
from builds.covers import upkeep
from builds.models import Cover
from ghost.core.catalog.models import Catalog
from ghost.operations import tasks
from resources.models import Resource, findings
from tests import make
from tests.builds.pictures import image
from tests.presence import present
from tests.results import said

pytestmark = pytest.mark.django_db

OLD_S = 24 * 3600 + 60


def upload(row: Resource, size=(50, 50)) -> str:
    """The digest of the cover that it has now."""
    covers.upload(row, image(size), by="Ada")
    return Cover.objects.get(resource=row).digest


def drawn_before(pictures, names: str) -> list[Resource]:
    """Rows whose covers are there, one by one, as an earlier version has drawn them."""
    rows = []
    for name in names:
        pictures[f"/{name}"] = image((40, 40), colour="#cc3300")
        rows.append(make.resource(cover_image_url=f"{pictures['address']}/{name}"))
        covers.localize()
    Cover.objects.update(drawing_version=drawing.VERSION - 1)
    pictures["asked"].clear()
    return rows


def grow_old(folder) -> None:
    for path in folder.iterdir():
        os.utime(path, (time.time() - OLD_S,) * 2)


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def both(*digests: str) -> set[str]:
    return {f"{name}{size}.webp" for name in digests for size in ("", "-thumb")}


def test_files_that_no_cover_names_are_swept_and_the_rest_stays(settings):
    folder = settings.GHOST.cover_dir
    rows = [make.resource() for _ in range(4)]
    first, deleted, hidden, cleared = (upload(r, (50, n)) for n, r in enumerate(rows, 40))
    second = upload(rows[0], (30, 30))
    Resource.objects.filter(pk=rows[1].pk).delete()
    rows[2].take_down(reason="asked", by="Olga")
    covers.remove(rows[3], by="Ada")
    for name in ("12.webp", "12-thumb.webp", "by-hand.webp", "notes.txt"):
        (folder / name).write_text("x")
    for name in (f".{first[:40]}.webp.x1y2z3_4", f".{first[:30]}-thumb.abcd1234"):
        (folder / name).write_text("killed while it was written")
    grow_old(folder)

    told = said(tasks.prune())

    assert told == "files of covers that nothing shows: 10"
    assert names(folder) == both(second, hidden) | {"by-hand.webp", "notes.txt"}
    assert not names(folder) & both(first, deleted, cleared)


def test_what_is_young_may_belong_to_a_row_that_is_just_written(settings):
    row = make.resource()
    upload(row)
    covers.remove(row, by="Ada")

    tasks.prune()

    assert len(names(settings.GHOST.cover_dir)) == 2


def test_what_another_cover_names_too_stays(settings):
    one, other = make.resource(), make.resource()
    name = upload(one)
    upload(other)
    covers.remove(one, by="Ada")
    grow_old(settings.GHOST.cover_dir)

    tasks.prune()

    assert names(settings.GHOST.cover_dir) == both(name)


def test_the_cover_of_a_cleared_address_is_swept(pictures, settings):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    covers.localize()
    row.refresh_from_db()
    row.cover_image_url = None
    row.store()
    grow_old(settings.GHOST.cover_dir)

    told = said(tasks.prune())

    assert told == "files of covers that nothing shows: 2"
    assert not Cover.objects.exists()


@pytest.mark.parametrize("which", [covers.page_file, covers.thumb_file])
def test_a_lost_file_is_fetched_again(pictures, which):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    covers.localize()
    name = Cover.objects.get().digest
    which(name).unlink()
    before = Catalog.get().revision

    counts = covers.tidy()
    between = Resource.objects.get(pk=row.pk).cover_image_path
    covers.localize()

    assert counts["lost"] == 1
    assert between is None
    assert Catalog.get().revision == before + 2  # gone, and there again
    assert Resource.objects.get(pk=row.pk).cover_image_path == f"assets/covers/{row.pk}.webp"
    assert covers.are_there(name)


def test_a_lost_upload_is_told(settings):
    row = make.resource()
    covers.page_file(upload(row)).unlink()

    counts = covers.tidy()

    row.refresh_from_db()
    assert counts["lost"] == 1
    assert (row.cover_image_path, row.cover_uploaded_at, row.cover_due_at) == (None, None, None)
    assert str(row.cover_error) == "The uploaded cover is lost; upload it again."


def test_without_a_folder_all_is_lost_and_nothing_fails(configure, tmp_path):
    rows = [make.resource() for _ in range(3)]
    for row in rows:
        upload(row)
    configure(cover_dir=tmp_path / "never")

    assert covers.tidy() == {"lost": 3, "outdated": 0}
    assert covers.tidy() == {"lost": 0, "outdated": 0}


def test_covers_that_an_earlier_version_drew_are_fetched_anew_in_turn(pictures, monkeypatch):
    monkeypatch.setattr(upkeep, "REDRAWN_AT_ONCE", 2)
    rows = drawn_before(pictures, "abc")
    pictures["/a"] = pictures["/b"] = pictures["/c"] = image((50, 50), colour="#003300")
    old = set(Cover.objects.values_list("digest", flat=True))

    first = covers.tidy()["outdated"]
    shown = Resource.objects.exclude(cover_image_path=None).count()
    covers.localize()
    asked = sorted(pictures["asked"])
    second, fetched = covers.tidy()["outdated"], covers.localize()["fetched"]

    assert (first, shown, asked) == (2, 3, ["/a", "/b"])
    assert (second, fetched, covers.tidy()["outdated"]) == (1, 1, 0)
    assert {row.drawing_version for row in Cover.objects.all()} == {drawing.VERSION}
    assert not old & set(Cover.objects.values_list("digest", flat=True))
    assert Resource.objects.filter(cover_due_at=None).count() == len(rows)


def test_a_cover_that_is_drawn_as_before_changes_nothing(pictures):
    drawn_before(pictures, "a")
    before = Catalog.get().revision

    covers.tidy()
    covers.localize()

    assert (pictures["asked"], Catalog.get().revision) == (["/a"], before)
    assert Cover.objects.get().drawing_version == drawing.VERSION


def test_an_earlier_cover_whose_address_gives_none_any_more_stays(pictures):
    (row,) = drawn_before(pictures, "a")
    name, before = Cover.objects.get().digest, Catalog.get().revision
    pictures["/a"] = 404

    covers.tidy()
    counts = covers.localize()

    row.refresh_from_db()
    assert (counts["failed"], Catalog.get().revision) == (1, before)
    assert (row.cover_image_path, str(row.cover_error)) == (f"assets/covers/{row.pk}.webp", "")
    assert present(row.cover_due_at) > timezone.now()
    assert Cover.objects.get().digest == name
    assert covers.tidy() == {"lost": 0, "outdated": 0}  # it waits for its next turn


def test_an_upload_is_never_taken_for_what_lies_at_the_address(pictures):
    (row,) = drawn_before(pictures, "a")
    upload(row)
    Cover.objects.update(drawing_version=0)

    assert covers.tidy()["outdated"] == 0
    assert findings.renew_covers([row.pk]) == 0  # it came when the row was chosen already
