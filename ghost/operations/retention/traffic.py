"""What is needed of the last minutes and hours: events for listeners, answers for repeats, counts, who is there."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ghost.core.db import clock
from ghost.core.events.models import Event
from ghost.core.events.subscriptions import Stream
from ghost.core.heartbeats.models import FORGOTTEN_AFTER, Heartbeat
from ghost.core.http import idempotency
from ghost.core.http.idempotency import KeptAnswer
from ghost.core.http.limits import rate_limit
from ghost.core.text.reasons import ReasonCode
from ghost.operations.retention.bound import Bound, Every, of_rows
from ghost.operations.workers.models import KEPT_FOR, WorkerReplacement


def _events_hours() -> timedelta:
    return timedelta(hours=settings.GHOST.events_keep_hr)


BOUNDS: tuple[Bound, ...] = (
    of_rows(
        "events", ReasonCode("retention.events", _("events for listeners")),
        lambda before: Event.objects.outdated(before),
        where="ghost.Event", keep=_events_hours, every=Every.TEN_MINUTES,
    ),
    of_rows(
        "event-streams", ReasonCode("retention.event_streams", _("event streams that ended")),
        lambda _before: Stream.objects.ended(),
        where="ghost.Stream", keep=timedelta, every=Every.TEN_MINUTES,
    ),
    of_rows(
        "answers", ReasonCode("retention.answers", _("answers kept for Idempotency-Keys")),
        lambda before: KeptAnswer.objects.filter(made_at__lt=before),
        where="ghost.KeptAnswer", keep=lambda: idempotency.KEPT_FOR,
    ),
    of_rows(
        "usage", ReasonCode("retention.usage", _("counts of requests")),
        lambda _before: rate_limit.past(),
        where="ghost.Usage", keep=lambda: timedelta(seconds=rate_limit.WINDOW_S),
    ),
    of_rows(
        "heartbeats", ReasonCode("retention.heartbeats", _("heartbeats of hosts that are gone")),
        lambda _before: Heartbeat.objects.gone(clock.now()),
        where="ghost.Heartbeat", keep=lambda: FORGOTTEN_AFTER,
    ),
    of_rows(
        "replacements", ReasonCode("retention.replacements", _("workers replaced for their memory")),
        lambda before: WorkerReplacement.objects.filter(at__lt=before),
        where="ghost.WorkerReplacement", keep=lambda: KEPT_FOR,
    ),
)  # fmt: skip
