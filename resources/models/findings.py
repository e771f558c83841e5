"""What workers find out about a resource: its metadata, its cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from django.db import models
from django.utils import timezone

from ghost.core import backoff
from ghost.core.audit import trail
from ghost.core.batches import batched
from ghost.core.catalog.models import Catalog
from ghost.core.db import pacing
from ghost.core.text.reasons import NONE, Reason
from resources import reasons
from resources.models import events
from resources.models.changes import note_publicity
from resources.models.hashes.block import Block
from resources.models.hashes.text_hash import TextHash
from resources.models.resource import Resource
from resources.states import DhtStatus, ProbeStatus
from resources.torrents import metadata, metadata_files, private

RETRY_PAUSES = backoff.of_minutes(1, 5, 30, 2 * 60, 6 * 60, 24 * 60, 72 * 60)
"""How long a first probe that failed waits for the next one; then nobody tries by itself."""
MOST_SWEPT, SWEPT_AT_ONCE = 10_000, 200
"""Files of metadata."""
OUTAGE_PAUSE = timedelta(minutes=5)
"""The same for one that could not be tried: that says nothing of the torrent, so it goes on."""


def record_metadata(row: Resource, found: metadata.Metadata, *, is_reached: bool = True) -> bool:
    """Keep what a probe found; False if the magnet was changed or removed meanwhile.

    Not `is_reached`: it comes from a file, and says nothing of the torrent's health.

    A probe tells a hybrid's other half too. If that one is blocked, or listed already, this
    one is kept off the public: `probed_at` stays empty, and `probe_error` says why.
    """
    with saved(found):
        is_kept = record_saved(row, found, is_reached=is_reached)
    if not is_kept:
        forget_unlisted(found)
    return is_kept


@contextmanager
def saved(found: metadata.Metadata) -> Iterator[None]:
    """What was found stands in its file, megabytes perhaps, before the catalog is taken to record
    it; and no more, after an error, if it is of nothing that is listed. A probe tells no date of creation: that
    of an uploaded file stays."""
    known = metadata.load(found.magnet_hash) if found.created_at is None else None
    metadata.save(replace(found, created_at=known.created_at) if known else found)
    try:
        yield
    except BaseException:  # whatever it is: nobody would ever ask for the file
        forget_unlisted(found)
        raise


def record_saved(row: Resource, found: metadata.Metadata, *, is_reached: bool = True) -> bool:
    """`record_metadata` of what is `saved`."""
    with Catalog.turn():  # both halves may be recorded at once
        other = _other_half(row, found)
        why_not = _why_not_listed(row, other) if other else NONE
        is_kept = _record_found(row, found, other, why_not, is_reached=is_reached)
        if is_kept:
            TextHash.objects.index_files(row, found)
        return is_kept


def forget_unlisted(found: metadata.Metadata) -> None:
    """Drop its file, unless it is of something that is listed."""
    if not Resource.objects.filter(magnet_hash=found.magnet_hash).exists():
        metadata.forget(found.magnet_hash)


def sweep_metadata() -> int:
    """Drop the files of nothing that is listed, as crashes and earlier versions left them, of those
    that have lain there for a day; how many. MOST_SWEPT in one go: the rest goes the next time."""
    swept = metadata_files.remove_half_written()
    unlisted = islice(_unlisted(metadata_files.old_hashes()), MOST_SWEPT)
    for part in batched(list(unlisted), SWEPT_AT_ONCE):
        with Catalog.turn():  # whoever lists one now waits for it, or is seen
            swept += sum(map(metadata_files.remove_old, _unlisted(part)))
    return swept


def count_unlisted_metadata() -> int:
    """How many files `sweep_metadata` would drop, if it went on to the end."""
    half_written = sum(1 for _ in metadata_files.half_written())
    return half_written + sum(1 for _ in _unlisted(metadata_files.old_hashes()))


def _unlisted(hashes: Iterable[str]) -> Iterator[str]:
    """Those that no row is of, whatever its state."""
    for part in batched(hashes, SWEPT_AT_ONCE):
        rows = Resource.objects.filter(magnet_hash__in=part)
        listed = set(rows.values_list("magnet_hash", flat=True))
        yield from (each for each in part if each not in listed)


def _other_half(row: Resource, found: metadata.Metadata) -> str:
    named = (row.magnet_hash, row.magnet_hash_v2)
    return next((h for h in (found.v1, found.v2) if h and h not in named), "")


def _why_not_listed(row: Resource, other: str) -> Reason:
    """Why it must not be public, now that its other half is known; empty if it may."""
    now = row.alone().first()
    if now is None or (now.probed_at and now.other_hash == other):
        return NONE
    if now.takedown_at:
        reason, by = now.takedown_reason, "takedown"
        Block.objects.add([other], reason=reason, by=by, is_of_takedown=True, of=[row.pk])
        return NONE
    if Block.objects.covering(other).exists():
        return reasons.BLOCKED_BY_HALF()
    twins = Resource.objects.twins_of(other).exclude(pk=row.pk)
    # The one that was there first stays, unless it never got anywhere.
    is_first = models.Q(pk__lt=row.pk) | models.Q(takedown_at__isnull=False)
    is_known = models.Q(probed_at__isnull=False) | models.Q(probe_status=ProbeStatus.SKIPPED)
    twin = twins.filter(is_first | is_known).order_by("pk").first()
    if twin is None:
        return NONE
    is_seen = twin.is_public or twin.is_seen_by(row.publisher)
    return reasons.LISTED_AS(id=str(twin.pk)) if is_seen else reasons.LISTED_BY_OTHERS()


def _record_found(
    row: Resource, found: metadata.Metadata, other: str, why_not: Reason, *, is_reached: bool
) -> bool:
    health = {
        "num_peers": found.num_peers,
        "dht_status": DhtStatus.ACTIVE,
        "dht_misses": 0,
        "last_dht_check": found.fetched_at,
        "peers": found.num_peers,
        "last_seen_at": found.fetched_at,
        "first_missed_at": None,
        "missing_since": None,
    }
    return _record_probe(
        row,
        probe_status=ProbeStatus.OK,
        probe_error=why_not,
        probe_attempts=0,
        probe_due_at=None,
        probed_at=None if why_not else found.fetched_at,
        other_hash=other,
        is_private=found.is_private,
        total_size_bytes=found.total_size_bytes,
        file_count=found.file_count,
        files_tree_summary=found.files_tree_summary,
        torrent_name=found.link_name,
        **(health if is_reached else {}),
    )


def record_probe_miss(row: Resource, status: ProbeStatus, error: Reason) -> bool:
    """Note that a probe failed and when to try again; False if the magnet changed meanwhile.

    What was known before stays. Only a first probe is repeated by itself.
    """
    is_tried = status != ProbeStatus.UNAVAILABLE
    pause = _pause(row) if is_tried else OUTAGE_PAUSE
    return _record_probe(
        row,
        probe_status=row.probe_status if row.probe_status == ProbeStatus.SKIPPED else status,
        probe_error=error,
        probe_attempts=row.probe_attempts + is_tried,
        probe_due_at=timezone.now() + pause if pause and row.probed_at is None else None,
    )


def _pause(row: Resource) -> timedelta | None:
    """Until a probe that found nobody is repeated, if ever."""
    failures = row.probe_attempts + 1
    return None if RETRY_PAUSES.is_over(failures) else RETRY_PAUSES.after(failures)


def _record_probe(row: Resource, **values: object) -> bool:
    hashes = {"magnet_hash": row.magnet_hash, "magnet_hash_v2": row.magnet_hash_v2}
    with Catalog.turn():
        old = row.alone().filter(**hashes).select_for_update().first()
        if old is None:
            return False
        if values.get("dht_status", old.dht_status) != old.dht_status:
            values["dht_changed_at"] = timezone.now()
        if values.get("is_private"):
            values["magnet_uri"] = private.without_addresses(old.magnet).uri()
        row.alone().update(**values, probe_claim="", probe_claimed_until=None)
        note_publicity(row.alone())
        row.refresh_from_db()
        row.heed_privacy()
        if row.is_private and not old.is_private:
            trail.reword(row, "magnet_uri", private.told_without_addresses)
        is_blocked = values.get("probe_error") == reasons.BLOCKED_BY_HALF()
        row.tell_catalog(old, is_blocked=is_blocked)
        events.probed(old, row)
    return True


def renew_covers(ids: list[int]) -> int:
    """Have the covers of these fetched anew, which are shown until then; how many. One that was
    uploaded meanwhile stays."""
    shown = Resource.objects.filter(cover_due_at=None, cover_uploaded_at=None)
    fetched = shown.exclude(cover_image_path=None).exclude(cover_image_url=None)
    return pacing.update(fetched.filter(pk__in=ids), cover_due_at=timezone.now())


def put_off_cover(row: Resource, again_at: datetime | None) -> None:
    """Note when the cover that is shown is fetched anew, if ever; nothing else changes."""
    row.alone().update(cover_due_at=again_at)


def record_cover(
    row: Resource,
    path: str | None,
    *,
    error: Reason = NONE,
    again_at: datetime | None = None,
    is_by_hand: bool = False,
) -> None:
    """Note where the new cover lies, or why there is none and when to try again.

    `is_by_hand`: somebody uploaded it, or removed what was uploaded.
    """
    edit = {"updated_at": timezone.now()} if is_by_hand else {}
    with Catalog.turn():
        old = row.alone().select_for_update().get()
        row.alone().update(
            cover_image_path=path,
            cover_error=error,
            cover_due_at=again_at,
            cover_uploaded_at=edit.get("updated_at") if path else None,
            **edit,
        )
        row.refresh_from_db()
        row.tell_catalog(old, has_new_cover=path is not None)
        if is_by_hand:
            events.changed("cover", [row])
