"""What the log of changes says: each write notes exactly what the public sees otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from builds.models import BuildState
from ghost.core.catalog.models import Catalog, Change
from ghost.core.jobs.task_names import TaskName
from ghost.core.text.reasons import words
from resources.models import Category, DhtStatus, Resource, findings, undo
from resources.states import ProbeStatus
from teams.models import Token
from tests import make

pytestmark = pytest.mark.django_db


class Log:
    """What an operation notes, and by how much it moves the revision."""

    def of(self, operation) -> list[int]:
        Change.objects.all().delete()
        before = Catalog.get().revision
        operation()
        after = Catalog.get().revision
        rows = Change.objects.order_by("revision").values_list("revision", "resource_id")
        # What is noted is noted under a revision that the catalog had only since.
        assert all(before < revision <= after for revision, _ in rows)
        return sorted(pk for _, pk in rows)


@pytest.fixture
def noted():
    return Log().of


@pytest.fixture
def row():
    return make.resource(title="Public", tags=["a"])


def stored(row: Resource, **values):
    def operation():
        for name, value in values.items():
            setattr(row, name, value)
        row.store()

    return operation


@pytest.mark.parametrize(
    "values",
    [
        {"title": "Another"},
        {"content_markdown": "Other words."},
        {"tags": ["b"]},
        {"published_at": timezone.now() - timedelta(days=9)},
        {"published_at": None},
        {"published_at": timezone.now() + timedelta(days=9)},
    ],
    ids=["title", "words", "tags", "date", "withdrawn", "postponed"],
)
def test_an_edit_notes_its_resource(noted, row, values):
    make.resource()

    assert noted(stored(row, **values)) == [row.pk]


def test_another_place_in_the_tree_notes_its_resource(noted, row):
    assert noted(stored(row, category=make.category())) == [row.pk]


def test_another_magnet_takes_it_off_the_site(noted, row):
    assert noted(stored(row, magnet_uri=make.magnet())) == [row.pk]


def test_an_edit_that_changes_nothing_is_not_noted(noted, row):
    assert noted(stored(row, title=row.title)) == []


@pytest.mark.parametrize(
    "hidden",
    [{"published_at": None}, {"is_probed": False}, {"published_at": timezone.now() + timedelta(1)}],
    ids=["draft", "held", "scheduled"],
)
def test_what_the_public_does_not_see_is_not_noted(noted, hidden):
    row = make.resource(**hidden)

    assert noted(stored(row, title="Another")) == []
    assert noted(lambda: row.take_down(reason="asked", by="test")) == []
    assert noted(row.restore) == []


def test_what_is_new_is_noted_once_it_is_public(noted):
    made = []

    assert noted(lambda: made.append(make.resource(is_probed=False))) == []
    found = make.torrent_metadata(made[0].magnet_hash)
    assert noted(lambda: findings.record_metadata(made[0], found)) == [made[0].pk]


def test_a_probe_that_finds_the_same_again_is_not_noted(noted, row):
    row.refresh_from_db()
    again = make.torrent_metadata(row.magnet_hash, fetched_at=row.probed_at)

    assert noted(lambda: findings.record_metadata(row, again)) == []
    assert (
        noted(lambda: findings.record_probe_miss(row, ProbeStatus.TIMEOUT, words("nobody"))) == []
    )


def test_what_is_let_off_its_probe_is_noted(noted):
    held, draft = make.resource(is_probed=False), make.resource(is_probed=False, published_at=None)

    rows = Resource.objects.filter(pk__in=[held.pk, draft.pk])
    assert noted(rows.skip_probe) == [held.pk]


def test_a_takedown_and_its_end_note_what_was_public(noted, row):
    others = make.resource(), make.resource(published_at=None), make.resource(is_probed=False)
    rows = Resource.objects.filter(pk__in=[row.pk, *(other.pk for other in others)])

    assert noted(lambda: rows.take_down(reason="asked", by="test")) == [row.pk, others[0].pk]
    assert noted(lambda: rows.take_down(reason="asked", by="test")) == []
    assert noted(rows.restore) == [row.pk, others[0].pk]


def test_a_takedown_of_many_notes_each(noted, monkeypatch):
    monkeypatch.setattr("resources.models.changes.BATCH", 2)
    rows = [make.resource() for _ in range(5)]

    found = noted(lambda: Resource.objects.all().take_down(reason="asked", by="test"))

    assert found == sorted(row.pk for row in rows)


def test_health_notes_those_that_have_another_one(noted, row):
    hidden, other = make.resource(published_at=None), make.resource()
    make.checked(Resource.objects.filter(pk=other.pk), DhtStatus.STALE)

    rows = Resource.objects.filter(pk__in=[row.pk, hidden.pk, other.pk])
    assert noted(lambda: make.checked(rows, DhtStatus.STALE, misses=2)) == [row.pk]
    assert noted(lambda: make.checked(rows, DhtStatus.STALE, misses=3)) == []


def test_a_cover_that_came_or_went_is_noted(noted, row):
    assert noted(lambda: findings.record_cover(row, "assets/covers/1.webp")) == [row.pk]
    assert noted(lambda: findings.record_cover(row, "assets/covers/1.webp")) == [
        row.pk
    ]  # other pixels
    assert noted(lambda: findings.record_cover(row, None)) == [row.pk]
    assert noted(lambda: findings.record_cover(row, None, error=words("no picture"))) == []


def test_an_edit_that_is_undone_is_noted_again(noted):
    row = make.resource()
    before = Resource.objects.get(pk=row.pk)
    row.magnet_uri = make.magnet()
    row.store()

    assert noted(lambda: undo.put_back(row, before)) == [row.pk]


def test_what_was_never_public_goes_without_a_note(noted):
    row = make.resource(is_probed=False)

    assert noted(lambda: undo.delete_new(row)) == []


# -- names: whoever shows them compares them


@pytest.fixture
def moved():
    """`moved(operation)`: whether it moves the catalog's revision."""

    def look(operation) -> bool:
        before = Catalog.get().revision
        operation()
        return Catalog.get().revision > before

    return look


def test_names_move_the_revision_and_note_nothing(noted, moved):
    owner = make.publisher()
    team, films = make.team(owner), make.category("Films")
    make.resource(publisher=owner, team=team, category=films)
    renamed = Category.objects.get(pk=films.pk)
    renamed.name = "Cinema"
    who = Token.objects.get(pk=owner.pk)
    who.display_name = "Somebody"
    team.name = "Restorers"

    for operation in (renamed.store, who.store, team.store):
        found: list[Any] = []
        assert moved(lambda operation=operation, found=found: found.extend(noted(operation)))
        assert found == []


def test_a_name_that_nobody_sees_moves_nothing(moved):
    who = make.publisher()
    who.display_name = "Somebody"

    assert not moved(who.store)


# -- what is urgent


@pytest.fixture
def queued(configure, django_capture_on_commit_callbacks):
    """`queued(operation)`: the tasks that it queues."""
    configure(enable_scheduler=True, build_debounce_s=600)

    def look(operation) -> list[str]:
        OrmQ.objects.all().delete()
        Catalog.heard()
        with django_capture_on_commit_callbacks(execute=True):
            operation()
        return [task.func() for task in OrmQ.objects.order_by("id")]

    return look


def test_a_takedown_does_not_wait_for_quiet(queued, row):
    assert queued(stored(row, title="Another")) == [TaskName.BUILD_WHEN_QUIET]
    assert queued(lambda: row.take_down(reason="asked", by="t")) == [TaskName.BUILD_AT_ONCE]
    assert queued(row.restore) == [TaskName.BUILD_WHEN_QUIET]


def test_a_takedown_is_asked_for_though_an_edit_was_announced(
    queued, row, django_capture_on_commit_callbacks
):
    def both():
        stored(row, title="Another")()
        row.take_down(reason="asked", by="test")

    assert sorted(queued(both)) == sorted([TaskName.BUILD_WHEN_QUIET, TaskName.BUILD_AT_ONCE])


def test_a_takedown_of_what_nobody_sees_asks_for_nothing(queued):
    row = make.resource(published_at=None)

    assert queued(lambda: row.take_down(reason="asked", by="test")) == []


def test_changes_are_kept_until_a_build_has_them(row):
    assert list(Change.objects.after(BuildState.get().synced_revision)) == list(
        Change.objects.all()
    )
    assert [change.resource_id for change in Change.objects.after(-1)] == [row.pk]
    assert not Change.objects.after(Catalog.get().revision).exists()
