"""Sets of resources: adjectives filter, verbs change."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self, cast

from django.db import models
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from ghost.core.text.reasons import NONE
from resources import reasons, slugs
from resources.models import events, list_index
from resources.models.visibility import Showing, written
from resources.states import DhtStatus, ProbeStatus, State
from teams.models import Team

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from resources.models.resource import Resource, ResourceTag
    from teams.models import Token

MOST_WORDS = 10
LAST_CHARACTER = "\U0010ffff"
NEWS = timedelta(days=3)
"""For so long a resource whose health has changed is checked sooner than others."""


def state_is(state: State) -> models.Q:
    """The condition of that state now, for counts of several states at once."""
    now, standing = timezone.now(), models.Q(takedown_at=None)
    probed = models.Q(probed_at__isnull=False) | models.Q(probe_status=ProbeStatus.SKIPPED)
    match state:
        case State.TAKEN_DOWN:
            return ~standing
        case State.DRAFT:
            return standing & models.Q(published_at=None)
        case State.REVIEW:
            return standing & models.Q(published_at__isnull=False, awaits_review=True)
    approved = standing & models.Q(awaits_review=False)
    match state:
        case State.SCHEDULED:
            return approved & models.Q(published_at__gt=now)
        case State.HELD:
            return approved & models.Q(published_at__lte=now) & ~probed
    return approved & models.Q(published_at__lte=now) & probed


class ResourceQuerySet(Showing):
    """Sets of resources."""

    # -- adjectives

    def public(self) -> Self:
        """What the public site shows now."""
        return self.in_state(State.LIVE)

    def taken_down(self) -> Self:
        """Removed by an operator."""
        return self.filter(takedown_at__isnull=False)

    def standing(self) -> Self:
        """Not taken down."""
        return self.filter(takedown_at=None)

    def in_state(self, state: State) -> Self:
        """Those that stand at this point (`Resource.state` for one row)."""
        return self.filter(state_is(state))

    def matching(
        self,
        *,
        q: str | None = None,
        tag: str | None = None,
        state: State | None = None,
        updated_since: datetime | None = None,
        **exact: object,
    ) -> Self:
        """What a publisher looks for; None is no condition. Taken down only if asked for.

        For lists by key: see `walk`.
        """
        found = self.in_state(state) if state else self.standing()
        if q:
            found = found.filter(list_index.holding(q))
        if tag:
            tagged = self._tag_index().filter(slug=slugs.make(tag))
            found = found.filter(pk__in=tagged.values("resource"))
        if updated_since:
            found = found.filter(updated_at__gte=updated_since)
        exact = {name: value for name, value in exact.items() if value is not None}
        return list_index.walked(found.filter(**exact))

    def searched(self, words: str) -> Self:
        """Those of which each word stands in the title or a hash, or begins a tag; or of which
        all of them together do."""
        each = [
            list_index.holding(word) | self._tagged(word) for word in words.split()[:MOST_WORDS]
        ]
        if not each:
            return self
        found = self.model.objects.filter(models.Q(*each) | self._tagged(words))
        return self.filter(pk__in=list_index.walked(found).values("pk"))

    def _tagged(self, start: str) -> models.Q:
        slug = slugs.make(start)
        rows = self._tag_index().filter(slug__gte=slug, slug__lt=slug + LAST_CHARACTER)
        return models.Q(pk__in=rows.values("resource"))

    def _tag_index(self) -> models.QuerySet[ResourceTag]:
        model = self.model.tag_index.rel.related_model
        return cast("models.QuerySet[ResourceTag]", model._default_manager.all())

    def in_scope(self, token: Token) -> Self:
        """What this token may see and edit."""
        if token.is_admin:
            return self
        if token.scope_team_id:
            return self.filter(team=token.scope_team_id)
        owned = Team.objects.filter(owner=token).values("pk")
        return self.filter(models.Q(publisher=token) | models.Q(team__in=owned))

    def twins_of(self, *hashes: str | None) -> Self:
        """Resources of the torrent with one of these hashes: a hybrid is a twin of either of its
        halves, named in its link or found by a probe."""
        known = [h for h in hashes if h]
        same = models.Q(magnet_hash__in=known) | models.Q(magnet_hash_v2__in=known)
        return self.filter(same | models.Q(other_hash__in=known))

    def due_for_probe(self) -> Self:
        """Waiting for a probe that nobody is busy with."""
        now = timezone.now()
        return self.standing().filter(
            models.Q(probe_claimed_until=None) | models.Q(probe_claimed_until__lt=now),
            probe_due_at__lte=now,
        )

    def due_for_cover(self) -> Self:
        """With a cover that is to be fetched now."""
        waiting = self.standing().filter(cover_due_at__lte=timezone.now())
        return waiting.exclude(cover_image_url=None)

    def unprobed(self) -> Self:
        """Never probed with success, and nobody has let them off."""
        # With the other half known it was reached, but may not be listed.
        unknown = self.standing().filter(probed_at=None, other_hash="")
        return unknown.exclude(probe_status=ProbeStatus.SKIPPED)

    def longest_unchecked(self) -> Self:
        """What was never checked first, then by the time of the last check."""
        return self.standing().order_by(models.F("last_dht_check").asc(nulls_first=True), "pk")

    def in_doubt(self) -> Self:
        """Missed, but not often enough to be Stale; or new, or changed within NEWS."""
        is_missed = models.Q(dht_misses__gt=0) & ~models.Q(dht_status=DhtStatus.STALE)
        return self.filter(is_missed | models.Q(dht_changed_at__gte=timezone.now() - NEWS))

    def unchecked_since(self, moment: datetime) -> Self:
        """Those whose health nobody has looked at since then; a time to come was a wrong clock's."""
        is_older = models.Q(last_dht_check=None) | models.Q(last_dht_check__lt=moment)
        is_to_come = models.Q(last_dht_check__gt=timezone.now() + timedelta(minutes=1))
        return self.filter(is_older | is_to_come)

    def for_check(self, limit: int | None) -> list[int]:
        """Keys of the `limit` resources (None: all) that a health scan looks up, in order.

        What is in doubt comes sooner, but takes half of the places at most: so all are covered
        in turn, however many are in doubt.
        """
        rows = self.longest_unchecked()
        half = None if limit is None else limit // 2
        sooner = rows.in_doubt().values_list("pk", flat=True)[:half]
        keys = dict.fromkeys([*sooner, *rows.values_list("pk", flat=True)[:limit]])
        return list(keys)[:limit]

    # -- verbs

    def ask_probe(self) -> int:
        """Have them probed (again) as soon as a worker is free; how many there were."""
        skipped = models.When(probe_status=ProbeStatus.SKIPPED, then=models.Value("skipped"))
        with Catalog.turn():
            return self.standing().update(
                probe_status=models.Case(skipped, default=models.Value("pending")),
                probe_due_at=timezone.now(),
                probe_attempts=0,
                probe_error=NONE,
            )

    def skip_probe(self) -> int:
        """Let the unprobed be public without a successful probe; how many changed.

        Not those whose probe found that their torrent is listed already, or blocked.
        """
        count, seen, skipped = 0, list[int](), {"probe_status": ProbeStatus.SKIPPED}
        with Catalog.turn():
            for rows in self.unprobed()._locked_batches():
                self._only(rows).update(**skipped, probe_due_at=None, probe_error=NONE)
                seen += written("skip_probe", rows, skipped)  # not drafts, and what comes later
                count += len(rows)
            if seen:
                Catalog.advance(reasons.PROBE_SKIPPED(number=len(seen)), seen)
        return count

    def claim_probes(self, limit: int, lease_s: float) -> list[Resource]:
        """Take up to `limit` due probes for `lease_s` seconds; nobody else gets them meanwhile."""
        due = self.due_for_probe().order_by("probe_due_at")
        wanted = list(due.values_list("pk", flat=True)[:limit])
        if not wanted:  # asked twice a second: most often nothing is to be written
            return []
        claim, rows = uuid.uuid4().hex, self.model.objects.filter(pk__in=wanted)
        until = timezone.now() + timedelta(seconds=lease_s)
        with Catalog.turn():
            rows.due_for_probe().update(probe_claim=claim, probe_claimed_until=until)
        return list(rows.filter(probe_claim=claim))

    def renew_claims(self, rows: Iterable[Resource], lease_s: float) -> None:
        """Keep claimed probes for another `lease_s` seconds."""
        claims = {row.pk: row.probe_claim for row in rows}
        until = timezone.now() + timedelta(seconds=lease_s)
        held = self.filter(pk__in=claims, probe_claim__in=set(claims.values()))
        with Catalog.turn():
            held.update(probe_claimed_until=until)

    def record_health(self, status: DhtStatus, *, misses: int = 0) -> int:
        """Note a look-up's outcome; how many got another status than they had."""
        now = timezone.now()
        with Catalog.turn():
            changed = self.exclude(dht_status=status)
            is_seen = models.ExpressionWrapper(state_is(State.LIVE), models.BooleanField())
            fields = ("pk", "dht_status", "publisher_id", "team_id", is_seen)
            rows = list(changed.order_by("pk").select_for_update().values_list(*fields))
            changed.update(dht_status=status, dht_changed_at=now)
            self.update(dht_misses=misses, last_dht_check=now)
            if seen := [row[0] for row in rows if row[-1]]:
                Catalog.advance(reasons.OF_STATUS[status.value](number=len(rows)), seen)
            events.health((row[:4] for row in rows), str(status))
        return len(rows)
