"""Sets of resources: adjectives filter, verbs change."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.utils import timezone

from ghost.core.batches import batched
from ghost.core.catalog.models import Catalog, Change
from ghost.core.text.reasons import NONE
from resources import reasons
from resources.models import changes, list_index, swarm_checks
from resources.models.changes import Row
from resources.models.fields import HASHES, state_is
from resources.models.hashes.block import Block
from resources.models.hashes.collisions import has_hash
from resources.models.tag import ResourceTag
from resources.states import DhtStatus, ProbeStatus, State
from resources.swarms import SwarmCheck
from teams.models import Team, Token

BATCH = 100
"""Hashes that one query looks for in each column that has them."""
LONGEST_CLAIM = timedelta(minutes=5)
"""A claim that ends later was written by a clock that ran ahead: nobody waits for it."""
MOST_WORDS = 10
NEWLY_CHANGED = timedelta(days=3)
"""For so long a resource whose health has changed is checked sooner than others."""


class ResourceQuerySet(models.QuerySet[Row]):
    """Sets of resources. Verbs leave an audit event and an event for listeners for each row, and
    tell the catalog which of them the public sees otherwise from now on. `ask_probe` leaves no audit
    event: `publishing.publish.probe_again` does."""

    # -- adjectives

    def in_state(self, state: State) -> Self:
        """Those that stand at this point (`Resource.state` for one row)."""
        return self.filter(state_is(state))

    def public(self) -> Self:
        """What the public site shows now."""
        return self.in_state(State.LIVE)

    def taken_down(self) -> Self:
        """Removed by an Admin or operator, until they restore it."""
        return self.filter(takedown_at__isnull=False)

    def standing(self) -> Self:
        """All but those that were taken down, public or not."""
        return self.filter(takedown_at=None)

    def awaiting_review(self) -> Self:
        """What an operator approves or sends back. Not a draft: publishing it asks for a review."""
        return self.in_state(State.REVIEW)

    def held_as_private(self) -> Self:
        """Kept from the public since their torrents are private, until an operator lets them through."""
        return self.filter(is_private=True, is_let_through=False)

    def to_come(self) -> Self:
        """Drafts, and what is to be public later."""
        is_later = models.Q(published_at__gt=timezone.now())
        return self.filter(models.Q(published_at=None) | is_later)

    def in_scope(self, token: Token) -> Self:
        """What this token may see and edit."""
        if token.is_admin:
            return self
        if token.scope_team_id:
            return self.listed().filter(listed_team=token.scope_team_id)
        owned = Team.objects.filter(owner=token).values("pk")
        is_own = models.Q(listed_publisher=token.pk) | models.Q(listed_team__in=owned)
        return self.listed().filter(is_own)

    def listed(self) -> Self:
        """The same, to be filtered by the aliases `list_index.LISTED`."""
        return self.alias(**list_index.LISTED)

    def matching(
        self,
        *,
        q: str | None = None,
        tag: str | None = None,
        state: State | None = None,
        updated_since: datetime | None = None,
        missing_before: datetime | None = None,
        **exact: object,
    ) -> Self:
        """What a publisher looks for; None is no condition. Taken down only if asked for.

        For lists by key or by publication, which the index of `list_index` finds.
        """
        rows = self.listed()
        if state:
            rows = rows.filter(state_is(state, list_index.PREFIX))
        else:
            rows = rows.filter(listed_takedown_at=None)
        if q:
            rows = rows.filter(list_index.has_text(q))
        if tag:
            rows = rows.filter(listed_id__in=ResourceTag.objects.named(tag).values("resource"))
        if updated_since:
            rows = rows.filter(listed_updated_at__gte=updated_since)
        if missing_before:
            rows = rows.filter(listed_missing_since__lt=missing_before)
        wanted = {name.removesuffix("_id"): v for name, v in exact.items() if v is not None}
        return rows.filter(**{f"{list_index.PREFIX}{name}": v for name, v in wanted.items()})

    def searched(self, text: str) -> Self:
        """Those of which each word stands in the title or a hash, or begins a tag; or of which
        all of them together do; or of the torrents that the text names."""
        words = text.split()[:MOST_WORDS]
        if not words:
            return self
        each = [list_index.has_text(word) | _has_tag(word) for word in words]
        links = map(list_index.has_hash, list_index.named_hashes(text))
        whole = reduce(or_, links, models.Q(*each) | _has_tag(text))
        matching = self.model._default_manager.filter(whole)
        return self.filter(pk__in=matching.values("pk"))

    def twins_of(self, *hashes: str | None) -> Self:
        """Resources of the torrent with one of these hashes: a hybrid is a twin of either of its
        halves, named in its link or found by a probe."""
        return self.filter(has_hash(hashes))

    def due_for_probe(self) -> Self:
        """Waiting for a probe that nobody is busy with."""
        now = timezone.now()
        is_free = (
            models.Q(probe_claimed_until=None)
            | models.Q(probe_claimed_until__lt=now)
            | models.Q(probe_claimed_until__gt=now + LONGEST_CLAIM)
        )
        return self.standing().filter(is_free, probe_due_at__lte=now)

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
        """Missed, but not often enough to be Stale; or new, or changed within NEWLY_CHANGED."""
        is_missed = models.Q(dht_misses__gt=0) & ~models.Q(dht_status=DhtStatus.STALE)
        return self.filter(is_missed | models.Q(dht_changed_at__gte=timezone.now() - NEWLY_CHANGED))

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

    def with_site_times(self) -> Self:
        """The same with their `on_site_at`, for lists: it costs no query for each."""
        own = Change.objects.filter(pk=models.OuterRef("pk"))
        return self.annotate(on_site_at=models.Subquery(own.values("on_site_at")))

    # -- verbs: what the public sees

    def take_down(self, *, reason: str, by: str) -> int:
        """Hide them from now on and block their hashes; how many there were."""

        removed = list[int]()

        def block(rows: Sequence[Row]) -> None:
            hashes, keys = [h for row in rows for h in row.hashes], [row.pk for row in rows]
            Block.objects.add(hashes, reason=reason, by=by, is_of_takedown=True, of=keys)
            removed.extend(keys)

        values = {"takedown_at": timezone.now(), "takedown_reason": reason}
        rows = self.filter(takedown_at=None)
        return rows._write("take_down", values, also=block, removed=removed)

    def restore(self) -> int:
        """Undo a takedown: visible again, its blocks gone; how many there were.

        A block that an operator made stays, and keeps the torrent from being listed anew; so does
        that of a hash which another one has that is still taken down.
        """

        def unblock(rows: Sequence[Row]) -> None:
            own = {h for row in rows for h in row.hashes}
            others = self.model._default_manager.filter(takedown_at__isnull=False).only(*HASHES)
            for part in batched(sorted(own), BATCH):  # a hybrid's half may be another's
                own -= {h for row in others.filter(has_hash(part)) for h in row.hashes}
            Block.objects.of_takedowns().lift(own)

        values = {"takedown_at": None, "takedown_reason": ""}
        return self.taken_down()._write("restore", values, also=unblock)

    def withdraw(self) -> int:
        """Make them drafts again: off the site, and nothing is blocked; how many there were."""
        rows = self.filter(takedown_at=None, published_at__isnull=False)
        return rows._write("withdraw", {"published_at": None})

    def publish(self) -> int:
        """Have drafts, and what was to come later, public from now on; how many there were."""
        values = {"published_at": timezone.now(), "review_note": ""}
        return self.to_come().standing()._write("publish", values)

    def approve(self) -> int:
        """What awaits review may be public; how many there were."""
        values = {"awaits_review": False, "review_note": ""}
        return self.awaiting_review()._write("approve", values)

    def let_through(self) -> int:
        """What is held because its torrent is private may be public; how many there were."""
        rows = self.held_as_private().filter(takedown_at=None)
        return rows._write("let_through", {"is_let_through": True})

    def ask_review(self) -> int:
        """Keep them from the public until somebody approves; how many there were."""
        rows = self.filter(awaits_review=False, takedown_at=None)
        values = {"awaits_review": True, "review_note": ""}
        return rows._write("ask_review", values)

    def send_back(self, *, reason: str) -> int:
        """What awaits review becomes a draft again, with the reason for its publisher; how many.

        It still awaits review, so that publishing it is asking again.
        """
        values = {"published_at": None, "review_note": reason}
        return self.awaiting_review()._write("send_back", values)

    def _write(
        self,
        action: str,
        values: dict[str, Any],
        *,
        also: Callable[[Sequence[Row]], None] = lambda rows: None,
        removed: Sequence[int] = (),
    ) -> int:
        """`removed` are those that must be off the site at once, once `also` was done."""
        with Catalog.turn():
            edit = {"updated_at": timezone.now()}
            count, seen = changes.write(action, self, values, unaudited=edit, also=also)
            if seen or removed:
                said = reasons.of_action(action, count, seen[0].title if seen else "")
                keys = [row.pk for row in seen]
                withdrawn = [row.pk for row in seen if not (row.takedown_at or row.is_public)]
                Catalog.advance(
                    said, keys, removed=removed, withdrawn=withdrawn, is_announced=bool(seen)
                )
        return count

    # -- verbs: probes and health

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
        values, rest = (
            {"probe_status": ProbeStatus.SKIPPED},
            {"probe_due_at": None, "probe_error": NONE},
        )
        with Catalog.turn():
            count, seen = changes.write("skip_probe", self.unprobed(), values, unaudited=rest)
            if seen:  # not drafts, and what comes later
                keys = [row.pk for row in seen]
                Catalog.advance(reasons.PROBE_SKIPPED(number=len(seen)), keys)
        return count

    def claim_probes(self, limit: int, lease_s: float) -> list[Row]:
        """Take up to `limit` due probes for `lease_s` seconds; nobody else gets them meanwhile."""
        due = self.due_for_probe().order_by("probe_due_at")
        wanted = list(due.values_list("pk", flat=True)[:limit])
        if not wanted:  # asked twice a second: most often nothing is to be written
            return []
        claim, rows = uuid.uuid4().hex, self.filter(pk__in=wanted)
        until = timezone.now() + timedelta(seconds=lease_s)
        with Catalog.turn():
            rows.due_for_probe().update(probe_claim=claim, probe_claimed_until=until)
        return list(rows.filter(probe_claim=claim))

    def renew_claims(self, rows: Iterable[Row], lease_s: float) -> None:
        """Keep claimed probes for another `lease_s` seconds."""
        claims = {row.pk: row.probe_claim for row in rows}
        until = timezone.now() + timedelta(seconds=lease_s)
        held = self.filter(pk__in=claims, probe_claim__in=set(claims.values()))
        with Catalog.turn():
            held.update(probe_claimed_until=until)

    def record_checks(self, checks: Mapping[int, SwarmCheck]) -> int:
        """See `swarm_checks.record`: what checks said of their swarms."""
        return swarm_checks.record(self, checks)


def _has_tag(start: str) -> models.Q:
    tagged = ResourceTag.objects.starting_with(start)
    return models.Q(pk__in=tagged.values("resource"))
