"""The rules on one resource: what is saved, what is told to the catalog, what workers wrote."""

import sqlite3
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from ghost.core.errors import ForbiddenError
from ghost.core.text.reasons import words
from resources.models import Block, DhtStatus, ProbeStatus, Resource, changes, findings, undo
from resources.models.fields import COVER_FIELDS, EDITED_FIELDS, PROBE_FIELDS
from resources.models.findings import OUTAGE_PAUSE, RETRY_PAUSES
from resources.torrents import metadata
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def revision() -> int:
    return Catalog.get().revision


def codes(error: ValidationError) -> list[str]:
    return [each.code for each in error.error_dict["magnet_uri"]]


def test_every_column_has_one_writer():
    """A new column must be sorted: to the people who edit, or to the workers."""
    elsewhere = {"id", "created_at", "takedown_at", "takedown_reason"}
    columns = {field.name for field in Resource._meta.concrete_fields}

    groups = [*EDITED_FIELDS, *COVER_FIELDS, *PROBE_FIELDS, *elsewhere]

    assert sorted(groups) == sorted(columns)


def test_edit_keeps_what_a_worker_found_meanwhile():
    make.resource(is_probed=False)
    editing = Resource.objects.get()
    findings.record_metadata(Resource.objects.get(), make.torrent_metadata(editing.magnet_hash))
    findings.record_cover(Resource.objects.get(), "assets/covers/1.webp")

    editing.title = "New"
    needs_probe = editing.store()

    row = Resource.objects.get()
    assert (row.title, row.probe_status, row.file_count) == ("New", ProbeStatus.OK, 2)
    assert row.cover_image_path == "assets/covers/1.webp"
    assert not needs_probe
    assert editing.public_state() == row.public_state()


def test_another_magnet_forgets_what_was_probed():
    row = make.resource()

    row.magnet_uri = make.magnet()
    needs_probe = row.store()

    row = Resource.objects.get()
    assert needs_probe
    assert (row.probe_status, row.probed_at, row.file_count) == (ProbeStatus.PENDING, None, None)
    assert (row.dht_status, row.is_public) == (DhtStatus.UNKNOWN, False)


def test_second_half_of_a_hybrid_asks_for_a_probe():
    row = make.resource()

    row.magnet_uri += f"&xt=urn:btmh:1220{'ab' * 32}"

    assert row.store()


def test_same_magnet_with_other_trackers_needs_no_probe():
    row = make.resource()

    row.magnet_uri += "&tr=udp%3A%2F%2Ftracker.example.org%3A80"

    assert not row.store()
    assert Resource.objects.get().probe_status == ProbeStatus.OK


def test_refusal_stands_when_asked_again():
    there = make.resource()
    Block.objects.add([make.info_hash()], reason="", by="")
    for uri, code in [
        (there.magnet_uri, "duplicate"),
        (make.magnet(Block.objects.get().info_hash), "blocked"),
    ]:
        row = Resource(
            title="x", magnet_uri=uri, category=there.category, publisher=there.publisher
        )

        for _ in range(2):
            with pytest.raises(ValidationError) as caught:
                row.store()
            assert codes(caught.value) == [code]


def test_faster_twin_is_named_not_crashed(monkeypatch):
    there = make.resource()
    row = Resource(
        title="x",
        magnet_uri=there.magnet_uri,
        category=there.category,
        publisher=there.publisher,
    )
    refuse, asked = Resource._require_no_collision, []

    def refuse_late(self, magnet):
        asked.append(magnet)
        if len(asked) > 1:  # clean() saw nothing yet
            refuse(self, magnet)

    monkeypatch.setattr(Resource, "_require_no_collision", refuse_late)
    monkeypatch.setattr(Resource, "validate_unique", lambda self, exclude=None: None)

    with pytest.raises(ValidationError) as caught:
        row.store()

    assert codes(caught.value) == ["duplicate"]
    assert Resource.objects.count() == 1


def test_database_itself_refuses_a_twin():
    row = make.resource()

    with pytest.raises(IntegrityError), transaction.atomic():
        Resource.objects.create(
            title="x",
            magnet_hash=row.magnet_hash,
            category=row.category,
            publisher=row.publisher,
        )


def test_kept_magnet_is_never_longer_than_the_limit():
    uri = make.magnet() + "".join(f"&tr=http://t.example/{i:03}" + "/:" * 30 for i in range(90))

    assert len(uri) < 8192
    with pytest.raises(ValidationError, match="8192"):
        make.resource(magnet_uri=uri)


def test_tags_are_indexed_by_slug():
    row = make.resource(tags=["C++", "数据"])
    row.tags = ["数据", "New"]
    row.store()

    index = list(row.tag_index.order_by("pk").values_list("slug", "name"))
    assert index == [("数据", "数据"), ("new", "New")]


def test_tag_respelled_is_shown_anew():
    row = make.resource(tags=["linux"])
    row.tags = ["Linux"]
    row.store()

    assert [tag.name for tag in row.tag_index.all()] == ["Linux"]


def test_forget_is_quiet_and_can_be_repeated():
    row = make.resource(is_probed=False)
    before = revision()

    answers = [undo.delete_new(row), undo.delete_new(row)]

    assert (answers, revision() - before, Resource.objects.count()) == ([True, True], 0, 0)


def test_forget_yields_to_a_probe_that_succeeded_after_all():
    row = make.resource(is_probed=False)
    findings.record_metadata(Resource.objects.get(), make.torrent_metadata(row.magnet_hash))

    assert (undo.delete_new(row), Resource.objects.count()) == (False, 1)


def test_put_back_yields_to_a_later_edit():
    before = make.resource(title="Old")
    mine, theirs = Resource.objects.get(), Resource.objects.get()
    mine.title = "Mine"
    mine.store()
    theirs.title = "Theirs"
    theirs.store()

    undo.put_back(mine, before)

    assert Resource.objects.get().title == "Theirs"


def test_put_back_writes_only_what_the_change_wrote():
    before = make.resource(title="Old", cover_image_url="https://example.org/a.png")
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    findings.record_cover(Resource.objects.get(), "assets/covers/1.webp")

    is_back = undo.put_back(mine, before)

    row = Resource.objects.get()
    assert (is_back, row.magnet_hash, row.probe_status) == (True, before.magnet_hash, "ok")
    assert (row.cover_image_path, row.file_count) == ("assets/covers/1.webp", 2)


@pytest.mark.parametrize("how", ["listed", "blocked"])
def test_put_back_yields_to_whoever_took_the_old_magnet(how):
    before = make.resource()
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    if how == "listed":
        make.resource(magnet_uri=before.magnet_uri)
    else:
        Block.objects.add([before.magnet_hash], reason="", by="")

    is_back = undo.put_back(mine, before)

    assert (is_back, Resource.objects.get(pk=mine.pk).magnet_uri) == (False, mine.magnet_uri)


def test_put_back_yields_to_a_twin_of_the_last_moment(monkeypatch):
    before = make.resource()
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    make.resource(magnet_uri=before.magnet_uri)
    monkeypatch.setattr(undo, "_is_replaced", lambda row: False)

    is_back = undo.put_back(mine, before)

    assert (is_back, Resource.objects.get(pk=mine.pk).magnet_uri) == (False, mine.magnet_uri)


def test_probe_of_a_changed_magnet_leaves_no_file():
    row = make.resource(is_probed=False)
    changed = Resource.objects.get()
    changed.magnet_uri = make.magnet()
    changed.store()

    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))

    assert metadata.load(row.magnet_hash) is None


def test_probe_of_a_torrent_that_somebody_else_lists_leaves_their_file():
    row = make.resource(is_probed=False)
    changed = Resource.objects.get()
    changed.magnet_uri = make.magnet()
    changed.store()
    make.resource(magnet_uri=row.magnet_uri)

    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))

    assert metadata.load(row.magnet_hash) is not None


def test_probe_before_the_second_half_came_is_dropped():
    row = make.resource(is_probed=False)
    changed = Resource.objects.get()
    changed.magnet_uri += f"&xt=urn:btmh:1220{'ab' * 32}"
    changed.store()

    is_kept = findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))

    assert (is_kept, Resource.objects.get().probe_status) == (False, ProbeStatus.PENDING)


def test_outage_uses_up_no_attempt_and_is_repeated_for_ever():
    row = make.resource(is_probed=False)
    Resource.objects.update(probe_attempts=len(RETRY_PAUSES))
    row.refresh_from_db()

    for _ in range(len(RETRY_PAUSES) + 1):
        findings.record_probe_miss(row, ProbeStatus.UNAVAILABLE, words("no DHT"))

    assert row.probe_attempts == len(RETRY_PAUSES)
    assert present(row.probe_due_at) - timezone.now() == pytest.approx(OUTAGE_PAUSE, abs=SECOND)


def test_skip_probe_leaves_what_was_probed():
    row = make.resource()
    before = revision()

    count = Resource.objects.all().skip_probe()

    assert (count, revision(), Resource.objects.get().probe_status) == (0, before, ProbeStatus.OK)
    assert Resource.objects.get().public_state() == row.public_state()


def test_skip_probe_tells_only_of_what_becomes_public():
    later = timezone.now() + timedelta(days=1)
    quiet = [make.resource(is_probed=False, published_at=at) for at in (None, later)]
    start = revision()

    not_yet = Resource.objects.all().skip_probe()
    told_none = revision()
    held = make.resource(is_probed=False)
    now_public = Resource.objects.all().skip_probe()

    assert (not_yet, told_none - start, now_public, revision() - told_none) == (2, 0, 1, 1)
    assert {r.probe_status for r in Resource.objects.all()} == {ProbeStatus.SKIPPED}
    assert set(Resource.objects.all()) == {*quiet, held}


def test_unprobed_are_those_that_wait():
    make.resource()
    make.resource(is_probed=False).take_down(reason="", by="")
    skipped = make.resource(is_probed=False)
    Resource.objects.filter(pk=skipped.pk).skip_probe()
    waiting = [make.resource(is_probed=False), make.resource(is_probed=False, published_at=None)]

    assert set(Resource.objects.unprobed()) == set(waiting)


def test_probe_of_a_changed_magnet_is_dropped():
    row = make.resource(is_probed=False)
    changed = Resource.objects.get()
    changed.magnet_uri = make.magnet()
    changed.store()

    is_kept = findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))

    assert not is_kept
    assert Resource.objects.get().probe_status == ProbeStatus.PENDING


def test_first_probe_is_repeated_with_growing_pauses():
    row = make.resource(is_probed=False)
    pauses = []

    for _ in range(len(RETRY_PAUSES) + 1):
        findings.record_probe_miss(row, ProbeStatus.TIMEOUT, words("no answer"))
        pauses.append(row.probe_due_at and row.probe_due_at - timezone.now())

    assert pauses.pop() is None
    assert [round(present(p).total_seconds()) for p in pauses] == [
        p.total_seconds() for p in RETRY_PAUSES
    ]


def test_later_miss_keeps_what_was_known():
    row = make.resource()

    findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("nobody"))

    row = Resource.objects.get()
    assert (row.probe_status, row.is_public, row.file_count) == (ProbeStatus.INACTIVE, True, 2)
    assert row.probe_due_at is None


def test_probe_that_finds_the_same_moves_nothing():
    row = make.resource()
    before = revision()

    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, num_peers=99))

    assert (revision(), Resource.objects.get().num_peers) == (before, 99)


def test_first_probe_makes_it_public():
    row = make.resource(is_probed=False)
    before = revision()

    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))

    assert revision() == before + 1


def test_public_for_one_and_for_many_agree():
    now = timezone.now()
    for published_at in (None, now - timedelta(days=1), now + timedelta(days=1)):
        for is_probed in (True, False):
            make.resource(published_at=published_at, is_probed=is_probed)
            make.resource(published_at=published_at, is_probed=is_probed).take_down(
                reason="", by=""
            )
            row = make.resource(published_at=published_at, is_probed=is_probed)
            Resource.objects.filter(pk=row.pk).skip_probe()

    rows = set(Resource.objects.all())

    assert set(Resource.objects.public()) == {row for row in rows if row.is_public}
    assert len(rows) == 18
    assert Resource.objects.public().count() == 3


@pytest.mark.parametrize("status", DhtStatus)
def test_health_moves_the_revision_only_when_it_changes(status):
    row = make.resource()
    before = revision()

    changed = Resource.objects.filter(pk=row.pk).record_health(status)

    is_other = status != DhtStatus.ACTIVE
    assert (changed, revision() - before) == (int(is_other), int(is_other))


def test_take_down_of_many_is_one_change():
    rows = [make.resource() for _ in range(3)]
    before = revision()

    count = Resource.objects.filter(pk__in=[row.pk for row in rows]).take_down(reason="x", by="y")

    assert (count, revision() - before, Block.objects.count()) == (3, 1, 3)
    assert Resource.objects.public().count() == 0


def many(count):
    """So many public hybrids, without the ceremony."""
    first = make.resource()
    Resource.objects.bulk_create(
        Resource(
            title=f"{n}", magnet_uri="", magnet_hash=f"{n:040x}", magnet_hash_v2=f"{n:064x}",
            category=first.category, publisher=first.publisher, probed_at=first.probed_at,
        )
        for n in range(1, count)
    )  # fmt: skip


def test_very_many_come_down_and_back_within_the_bounds_of_a_query():
    many(1000)
    before = revision()
    if connection.vendor == "sqlite":
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)

    down = Resource.objects.all().take_down(reason="x", by="y")
    blocked, public = Block.objects.count(), Resource.objects.public().count()
    back = Resource.objects.all().restore()

    assert (down, blocked, public) == (1000, 1999, 0)
    assert (back, Block.objects.count(), Resource.objects.public().count()) == (1000, 0, 1000)
    assert revision() - before == 2


def test_takedown_of_many_is_all_or_nothing(monkeypatch):
    monkeypatch.setattr(changes, "BATCH", 2)
    many(5)
    real, calls = Block.objects.all().add.__func__, []

    def fail_late(self, *args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise OperationalError("disk full")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(type(Block.objects.all()), "add", fail_late)
    monkeypatch.setattr(Block.objects, "add", lambda *a, **k: Block.objects.all().add(*a, **k))

    with pytest.raises(OperationalError):
        Resource.objects.all().take_down(reason="x", by="y")

    assert (Resource.objects.taken_down().count(), Block.objects.count()) == (0, 0)


def test_restore_leaves_the_blocks_of_operators():
    row = make.resource(magnet_uri=make.magnet() + f"&xt=urn:btmh:1220{'ab' * 32}")
    Block.objects.add([row.magnet_hash_v2], reason="by hand", by="Olga")

    row.take_down(reason="x", by="y")
    while_down = Block.objects.count()
    row.restore()

    assert (while_down, Block.objects.get().reason) == (2, "by hand")
    assert Block.objects.get().info_hash == row.magnet_hash_v2


def test_block_takes_any_spelling():
    block = Block(info_hash="  " + "A" * 40)

    block.full_clean()

    assert block.info_hash == "a" * 40


def test_claims_give_a_row_to_one_worker():
    make.resource(is_probed=False)
    make.resource()

    first = Resource.objects.claim_probes(10, 60)
    second = Resource.objects.claim_probes(10, 60)
    Resource.objects.update(probe_claimed_until=timezone.now() - timedelta(seconds=1))
    third = Resource.objects.claim_probes(10, 60)

    assert (len(first), second, third) == (1, [], first)


def test_nothing_due_is_one_query(django_assert_num_queries):
    make.resource()

    with django_assert_num_queries(1):
        assert Resource.objects.claim_probes(10, 60) == []


@pytest.mark.parametrize("count", [1, 3])
def test_claims_are_made_and_renewed_in_as_many_queries(django_assert_num_queries, count):
    for _ in range(count):
        make.resource(is_probed=False)

    more = 3 if connection.features.has_select_for_update else 2  # a turn, and its savepoint
    with django_assert_num_queries(3 + more) as seen:
        rows = Resource.objects.claim_probes(10, 60)
    with django_assert_num_queries(1 + more):
        Resource.objects.all().renew_claims(rows, 600)

    until = list(Resource.objects.values_list("probe_claimed_until", flat=True))
    assert '"id" IN' in seen.captured_queries[-1]["sql"]  # found by key: claims have no index
    assert len(rows) == len(until) == count
    assert min(until) > timezone.now() + timedelta(seconds=500)


def test_claim_that_went_to_another_is_not_renewed():
    make.resource(is_probed=False)
    mine = Resource.objects.claim_probes(10, 60)
    Resource.objects.update(probe_claim="theirs")

    Resource.objects.all().renew_claims(mine, 600)

    assert Resource.objects.get().probe_claimed_until < timezone.now() + timedelta(seconds=100)


def test_stranger_may_neither_see_nor_change():
    row = make.resource()
    stranger = make.publisher(name="Eve")

    for method in (row.require_sight_by, row.require_change_by):
        with pytest.raises(ForbiddenError, match="not yours"):
            method(stranger)


# -- hybrids: a probe tells the half that the link doesn't name

V1, V2 = "ab" * 20, "cd" * 32


def half(kind, **kwargs):
    uri = make.magnet(V1) if kind == "v1" else f"magnet:?xt=urn:btmh:1220{V2}"
    return make.resource(magnet_uri=uri, is_probed=False, **kwargs)


def probed(row):
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, v1=V1, v2=V2))
    return row


@pytest.mark.parametrize(("kind", "other"), [("v1", V2), ("v2", V1)])
def test_probe_tells_the_other_half(kind, other):
    row = probed(half(kind))

    assert (row.other_hash, row.hashes[-1], row.is_public) == (other, other, True)


def test_torrent_of_one_kind_has_no_other_half():
    row = half("v1")
    findings.record_metadata(row, make.torrent_metadata(V1, v1=V1))

    assert (row.other_hash, row.hashes) == ("", [V1])


@pytest.mark.parametrize("order", ["older first", "newer first"])
def test_of_two_halves_the_older_is_public(order):
    rows = [half("v1"), half("v2")]
    told = revision()

    for row in rows if order == "older first" else reversed(rows):
        probed(row)

    older, newer = Resource.objects.order_by("pk")
    assert (older.is_public, newer.is_public, newer.state) == (True, False, "held")
    assert (str(older.probe_error), newer.probe_status) == ("", "ok")
    by_whom = {"older first": f"as resource {older.pk}", "newer first": "as resource"}[order]
    assert str(newer.probe_error).startswith(f"This torrent is listed already, {by_whom}")
    assert revision() == told + 1


def test_stranger_is_not_told_which_draft_it_is():
    half("v1", published_at=None)

    row = probed(half("v2", publisher=make.publisher(name="Eve")))

    assert str(row.probe_error) == "This torrent is listed already, by somebody else."


def test_newer_half_that_is_public_already_stays():
    older, newer = half("v1"), half("v2")
    Resource.objects.filter(pk=newer.pk).skip_probe()

    probed(older)

    assert [r.is_public for r in Resource.objects.order_by("pk")] == [False, True]


def test_twin_is_not_published_without_a_probe():
    older, twin = half("v1"), half("v2")
    probed(older)
    probed(twin)

    findings.record_probe_miss(twin, ProbeStatus.TIMEOUT, words("no answer"))
    count = Resource.objects.all().skip_probe()

    assert (count, Resource.objects.public().count()) == (0, 1)
    assert not Resource.objects.unprobed().exists()


def test_twin_becomes_public_when_the_other_is_gone():
    there, row = half("v1"), half("v2")
    probed(row)
    there.delete()

    probed(row)

    assert (row.is_public, str(row.probe_error)) == (True, "")


def test_block_of_the_other_half_keeps_it_off():
    half("v1").take_down(reason="x", by="y")

    row = probed(half("v2"))

    assert (row.is_public, row.probe_status) == (False, "ok")
    assert str(row.probe_error) == "This torrent is blocked by the hash of its other half."


def test_probe_that_ends_after_the_takedown_blocks_the_other_half():
    row = half("v1")
    Resource.objects.get().take_down(reason="x", by="y")

    probed(row)
    blocked = set(Block.objects.values_list("info_hash", flat=True))
    Resource.objects.get().restore()

    assert (blocked, Block.objects.count()) == ({V1, V2}, 0)
    assert Resource.objects.get().is_public


def test_another_magnet_forgets_the_other_half():
    row = probed(half("v1"))

    row.magnet_uri = make.magnet()
    row.store()

    assert Resource.objects.get().other_hash == ""


def test_put_back_yields_to_whoever_took_the_other_half():
    before = probed(half("v1"))
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    half("v2")

    assert (undo.put_back(mine, before), Resource.objects.get(pk=mine.pk).magnet_uri) == (
        False,
        mine.magnet_uri,
    )
