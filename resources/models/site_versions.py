"""Which resources readers see on the public site as they are now (docs/decisions/0043)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ghost.core.catalog.models import Change
from resources.models import events
from resources.models.resource import Resource

_FIELDS = (
    "publisher",
    "team",
    "published_at",
    "takedown_at",
    "awaits_review",
    "probed_at",
    "probe_status",
    "is_private",
    "is_let_through",
)


def note_come(revision: int, *, after: datetime | None, until: datetime) -> None:
    """Resources whose hour came between these moments were public at the later one, when the
    catalog had this revision, though nobody noted a change of theirs."""
    come = Resource.objects.public().filter(published_at__lte=until)
    if after:
        come = come.filter(published_at__gt=after)
    noted = Change.objects.values("pk")
    Change.objects.note_come(revision, come.exclude(pk__in=noted).values_list("pk", flat=True))


def note_on_site(keys: Collection[int], *, revision: int, as_of: datetime) -> int:
    """The site shows these as they were at that moment, when the catalog had this revision; how many
    are as they were, which listeners are told.

    What is not public any more, and off the site, is forgotten.
    """
    with transaction.atomic():
        changes = Change.objects.to_come(revision).select_for_update().in_bulk(list(keys))
        rows = Resource.objects.public().filter(pk__in=changes).only(*_FIELDS)
        public = {row.pk: row for row in rows}
        seen = [row for row in public.values() if row.published_at and row.published_at <= as_of]
        now = timezone.now()
        Change.objects.filter(pk__in=[row.pk for row in seen]).update(on_site_at=now)
        Change.objects.filter(pk__in=changes.keys() - public.keys()).delete()
        events.on_site(seen, {pk: each.revision for pk, each in changes.items()}, now)
    return len(seen)
