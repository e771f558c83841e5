"""The event streams that are open, over all web processes and hosts: who may open another one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ghost.core.http.limits.rate_limit import TooManyError

RENEW_EVERY_S = 20.0
STALE = timedelta(seconds=50)
"""Its process died without a word: it counts no more."""
TRY_AGAIN_S = 30
KEPT = timedelta(hours=24)
"""For so long it is remembered which streams were dropped."""


class StreamQuerySet(models.QuerySet["Stream"]):
    """The rows of event streams, over all processes and hosts."""

    def live(self) -> Self:
        """Those not dropped, and seen within STALE."""
        return self.filter(dropped_at=None, seen_at__gt=timezone.now() - STALE)

    def open(
        self, *, role: str, process: str, token_id: int | None = None, user_id: int | None = None
    ) -> Stream:
        """One more, of a token or an operator; TooManyError if that or all have too many."""
        limits = settings.GHOST
        with transaction.atomic():
            _one_at_a_time()
            self.ended().delete()
            mine = self.live().filter(token_id=token_id, user_id=user_id)
            if mine.count() >= limits.events_streams_per_token:
                told = _("%(most)d event streams are open with this token; close one first.")
                raise TooManyError(told % {"most": limits.events_streams_per_token}, TRY_AGAIN_S)
            if self.live().count() >= limits.events_streams:
                raise TooManyError(
                    _("Too many event streams are open; try again later."), TRY_AGAIN_S
                )
            return self.create(role=role, process=process, token_id=token_id, user_id=user_id)

    def ended(self) -> Self:
        """Those that count no more, and that need not be remembered."""
        now = timezone.now()
        is_silent = models.Q(dropped_at=None, seen_at__lte=now - STALE)
        return self.filter(is_silent | models.Q(dropped_at__lt=now - KEPT))

    def renew(self, keys: list[int]) -> None:
        """That these are open still."""
        self.filter(pk__in=keys).update(seen_at=timezone.now())

    def drop(self, keys: list[int]) -> None:
        """That these were cut off, since nobody read what they told."""
        self.filter(pk__in=keys).update(dropped_at=timezone.now())

    def stats(self) -> dict[str, Any]:
        """How many are open, in all and by role, the oldest, and how many were cut off."""
        roles = self.live().order_by("role").values_list("role").annotate(models.Count("pk"))
        by_role = dict(roles)
        oldest: datetime | None = self.live().aggregate(at=models.Min("opened_at"))["at"]
        return {
            "open": sum(by_role.values()),
            "by_role": by_role,
            "oldest_opened_at": oldest,
            "dropped": self.filter(dropped_at__gte=timezone.now() - KEPT).count(),
        }


def _one_at_a_time() -> None:
    """Two must not both take the last place. SQLite lets one write at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            table = Stream._meta.db_table
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


class Stream(models.Model):
    """One open stream, or one that was cut off."""

    token_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=16)
    process = models.CharField(max_length=100)
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    """Its process renews it every RENEW_EVERY_S."""
    dropped_at = models.DateTimeField(null=True)

    objects = StreamQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"stream {self.pk}"
