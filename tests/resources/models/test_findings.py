"""What probes found is kept, and their misses are repeated; a hybrid's other half is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from ghost.core.text.reasons import words
from resources.models import Block, ProbeStatus, Resource, findings
from resources.models.findings import OUTAGE_PAUSE, RETRY_PAUSES
from resources.torrents import metadata
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

V1, V2 = "ab" * 20, "cd" * 32


SECOND = timedelta(seconds=1)


def revision() -> int:
    return Catalog.get().revision


def half(kind, **kwargs):
    uri = make.magnet(V1) if kind == "v1" else f"magnet:?xt=urn:btmh:1220{V2}"
    return make.resource(magnet_uri=uri, is_probed=False, **kwargs)


def probed(row):
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, v1=V1, v2=V2))
    return row


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
    Resource.objects.update(probe_attempts=len(RETRY_PAUSES.pauses))
    row.refresh_from_db()

    for _ in range(len(RETRY_PAUSES.pauses) + 1):
        findings.record_probe_miss(row, ProbeStatus.UNAVAILABLE, words("no DHT"))

    assert row.probe_attempts == len(RETRY_PAUSES.pauses)
    assert present(row.probe_due_at) - timezone.now() == pytest.approx(OUTAGE_PAUSE, abs=SECOND)


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
    pauses: list[timedelta | None] = []

    for _ in range(len(RETRY_PAUSES.pauses) + 1):
        findings.record_probe_miss(row, ProbeStatus.TIMEOUT, words("no answer"))
        pauses.append(row.probe_due_at - timezone.now() if row.probe_due_at else None)

    assert pauses.pop() is None
    assert [round(present(p).total_seconds()) for p in pauses] == [
        p.total_seconds() for p in RETRY_PAUSES.pauses
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
