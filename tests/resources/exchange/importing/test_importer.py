"""An import: in parts, a second time, dry, after an interruption; damage is never more than a refusal."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog, Change
from resources.exchange import document, ndjson, records
from resources.exchange.importing import importer
from resources.models import Block, Resource
from resources.torrents import metadata
from tests import make
from tests.resources.catalog_files import ALL, rewrite
from tests.resources.exchanges import bring_out, state, take_in, wipe

pytestmark = pytest.mark.django_db


simple = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
resources = st.builds(
    records.ResourceRecord,
    title=simple,
    magnet_uri=simple,
    content_markdown=simple,
    tags=st.lists(simple, max_size=3),
    checksums=st.lists(st.dictionaries(simple, simple, max_size=2), max_size=2),
    takedown_reason=simple,
)


@given(st.lists(resources, max_size=4))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_there_and_back_in_both_formats(tmp_path, found):
    path = tmp_path / "a"
    header = records.Header(version=1, counts={})
    with path.open("wb") as stream:
        list(document.write(stream, header, found))
    with (tmp_path / "b").open("wb") as stream:
        list(ndjson.write(stream, header, found))

    as_list = document.Document(path.read_bytes())
    with (tmp_path / "b").open("rb") as stream:
        lines = list(ndjson.Lines(stream).read())

    assert [line.what for line in as_list.read()] == found
    assert [line.what for line in lines] == found


def test_random_damage_never_gets_worse_than_a_refusal(db, tmp_path):
    dice = random.Random(1)
    for _ in range(3):
        make.resource()
    path = tmp_path / "a.ndjson"
    whole = bring_out(path)
    wipe()

    for _ in range(25):
        body = bytearray(whole)
        for _ in range(4):
            body[dice.randrange(len(body))] = dice.randrange(256)
        path.write_bytes(bytes(body))
        take_in(path)

    assert {row.magnet_hash for row in Resource.objects.all()} >= set()
    assert all(
        metadata.load(r.magnet_hash) for r in Resource.objects.filter(probed_at__isnull=False)
    )


@pytest.mark.parametrize("existing", ["skip", "update"])
def test_a_second_time_changes_nothing(written, existing):
    wipe()
    take_in(written)
    before = state()

    told = take_in(written, "--existing", existing)

    assert (told.error, told["skipped"], told["created"], told["updated"]) == ("", ALL, 0, 0)
    assert state() == before


def test_interrupted_and_run_again_it_is_whole(written, tmp_path, monkeypatch):
    before = written.read_bytes()
    wipe()
    monkeypatch.setattr(importer, "AT_ONCE", 4)
    kill_after(monkeypatch, parts=4)
    stopped = take_in(written)
    monkeypatch.undo()
    some = Resource.objects.count()

    told = take_in(written)

    assert "Interrupted" in stopped.error
    assert (0 < some < ALL, told["created"], told["skipped"]) == (True, ALL - some, some)
    assert bring_out(tmp_path / "again.ndjson") == before


def kill_after(monkeypatch, parts):
    left = iter(range(parts))
    whole = importer.Intake._take

    def take(self, *args, **kwargs):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(importer.Intake, "_take", take)


def test_each_part_is_a_transaction_of_its_own(written, monkeypatch):
    wipe()
    seen = []
    whole = importer.Intake._take
    monkeypatch.setattr(importer, "AT_ONCE", 5)
    monkeypatch.setattr(
        importer.Intake,
        "_take",
        lambda self, *args, **kwargs: (
            whole(self, *args, **kwargs),
            seen.append(len(connection.savepoint_ids)),
        )[0],
    )

    take_in(written)

    assert len(seen) > 3
    assert {*seen} == {0}


def test_the_revision_moves_once_for_a_part(written):
    wipe()
    before = Catalog.get().revision

    take_in(written)

    after = Catalog.get().revision
    public = set(Resource.objects.public().values_list("pk", flat=True))
    changed = set(Change.objects.after(before).values_list("resource_id", flat=True))
    assert (after - before, changed) == (3 + 1, public)  # three categories


def test_nothing_public_moves_no_revision(written):
    rewrite(written, lambda each: each | {"published_at": None} if "magnet_uri" in each else each)
    Resource.objects.update(supersedes=None)
    Resource.objects.all().delete()
    Block.objects.all().delete()
    before = Catalog.get().revision

    told = take_in(written)

    assert (told["created"], Catalog.get().revision) == (ALL, before)


def test_who_imported_stands_in_the_audit_trail(written):
    wipe()

    take_in(written)

    events = AuditEvent.objects.filter(action="resource.create")
    assert events.count() == ALL
    assert {*events.values_list("actor_kind", "actor_name")} == {("command", "import_catalog")}
    assert set(AuditEvent.objects.values_list("object_type", flat=True)) == {
        "token", "team", "category", "block", "resource",
    }  # fmt: skip


def test_a_dry_run_writes_nothing_and_says_the_same(written, tmp_path):
    rewrite(written, lambda each: each | {"licence": "None such"} if each.get("tags") else each)
    wipe()
    before = state()

    dry = take_in(written, "--dry-run", "--report", tmp_path / "dry")

    assert state() == before
    assert not metadata.path_of("ab" * 20).parent.exists()
    wet = take_in(written, "--report", tmp_path / "wet")
    assert dry.lines == wet.lines
    assert (dry.error, wet.error) == (
        "1 would be refused.",
        "1 was refused; the others are in.",
    )
    assert without_seconds(dry) == without_seconds(wet)
    assert (tmp_path / "dry").read_text() == (tmp_path / "wet").read_text() != ""


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_dry_run_of_many_parts_says_the_same(written, monkeypatch, at_once):
    monkeypatch.setattr(importer, "AT_ONCE", at_once)
    wipe()

    dry = take_in(written, "--dry-run")

    assert Resource.objects.count() == 0
    assert without_seconds(dry) == without_seconds(take_in(written))


def test_a_dry_update_writes_nothing(written):
    rewrite(written, lambda each: each | {"title": "New"} if "magnet_uri" in each else each)
    before = state()

    told = take_in(written, "--dry-run", "--existing", "update")

    assert (told["updated"], state()) == (ALL - 1, before)


def without_seconds(told):
    return {name: count for name, count in told.counts.items() if name != "seconds"}


@pytest.mark.parametrize("count", [3, 60])
def test_an_import_asks_the_same_questions_for_few_and_many(
    django_assert_max_num_queries, tmp_path, count
):
    for _ in range(count):
        make.resource()
    path = tmp_path / "a.ndjson"
    bring_out(path)
    wipe()

    with django_assert_max_num_queries(80):
        told = take_in(path)

    assert told["created"] == count
