"""What was taken down stays away, whoever dies, wakes up or goes back meanwhile."""

from __future__ import annotations

import io
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from builds import covers, tasks
from builds.engine import rollback, sync
from builds.models import Build, BuildState, Cover
from builds.tree import patches, releases
from ghost.core.errors import OutageError, RefusedError
from resources.models import Resource
from tests import make

pytestmark = pytest.mark.django_db


def is_shown(row: Resource) -> bool:
    return (releases.public() / f"resources/{row.pk}/index.html").exists()


def bury() -> None:
    Build.objects.running().update(lease_until=timezone.now() - timedelta(minutes=5))


@pytest.fixture
def site():
    """Two resources on the site: one that will be taken down, and another."""
    rows = make.resource(title="Doomed"), make.resource(title="Other")
    tasks.build_now("test")
    return rows


def test_a_builder_that_wakes_while_it_syncs_brings_nothing_back(site, monkeypatch):
    doomed, other = site
    doomed.title = other.title = "Edited"
    doomed.store()
    other.store()
    done: list[Any] = []
    real = sync._ChangedEntries

    def paused(*args):
        if not done:
            done.append(True)
            bury()
            doomed.take_down(reason="asked", by="test")
            tasks.build_now("second")
        return real(*args)

    monkeypatch.setattr(sync, "_ChangedEntries", paused)
    with pytest.raises(OutageError, match="no sign of life"):
        tasks.build_now("sleeper")
    other.refresh_from_db()
    other.title = "Again"
    other.store()
    tasks.build_now("third")

    assert (is_shown(doomed), BuildState.get().pending_changes) == (False, False)


def test_a_rollback_alone_asks_for_no_build(site):
    doomed, other = site
    doomed.take_down(reason="asked", by="test")
    tasks.build_at_once()
    for title in ("Edited", "Edited again"):
        other.title = title
        other.store()
        tasks.build_now("test")
    tasks.put_back(None, "test")
    builds = Build.objects.count()

    tasks.note_published()

    assert (Build.objects.count(), BuildState.get().held_at != "") == (builds, True)


def test_a_dead_builder_with_nothing_pending_holds_no_schedule_up(site):
    row = make.resource(published_at=timezone.now() + timedelta(seconds=0.3))
    tasks.build_if_due()
    Build.objects.claim("verify")
    bury()
    time.sleep(0.4)

    tasks.note_published()
    tasks.note_published()
    tasks.build_if_due()

    assert is_shown(row)


def test_what_was_taken_down_and_deleted_never_comes_back(site):
    doomed, _ = site
    doomed.take_down(reason="asked", by="test")
    tasks.build_at_once()
    Resource.objects.get(pk=doomed.pk).discard()
    builds = Build.objects.count()

    with pytest.raises(RefusedError, match="taken down since"):
        rollback.to(None, "test")

    assert (is_shown(doomed), Build.objects.count()) == (False, builds)


def test_a_lost_cover_holds_no_takedown_up(site):
    doomed, other = site
    picture = io.BytesIO()
    Image.new("RGB", (50, 50)).save(picture, "PNG")
    covers.upload(other, picture.getvalue(), by="test")
    tasks.build_now("test")
    covers.page_file(Cover.objects.get().digest).unlink()
    other.category.name = "Renamed"
    other.category.store()
    doomed.take_down(reason="asked", by="test")

    tasks.build_at_once()

    assert (is_shown(doomed), is_shown(other)) == (False, True)


def test_a_sleeper_removes_no_file_that_a_later_delta_brought(site, monkeypatch):
    """It falls asleep between its look and the removal of the page that is to go."""
    doomed, _other = site
    page = releases.public() / f"resources/{doomed.pk}/index.html"
    doomed.alone().withdraw()
    done: list[Any] = []
    real = patches._take

    def paused(present, old, taken):
        if present.resolve() == page.resolve() and not done:
            done.append(True)
            bury()
            doomed.alone().publish()
            tasks.build_now("second")
        real(present, old, taken)

    monkeypatch.setattr(patches, "_take", paused)
    with pytest.raises(OutageError, match="no sign of life"):
        tasks.build_now("sleeper")

    assert done
    assert is_shown(doomed)
