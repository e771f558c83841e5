"""Deliveries: a message on its way to one target, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from ghost.core.audit import people
from ghost.core.backoff import Backoff
from ghost.core.db import clock
from ghost.core.db.fields import ReasonField
from ghost.core.text.reasons import NONE, Reason
from ghost.operations.channels.message import Message
from ghost.operations.channels.targets import OPERATOR, Channel, Target

LEASE = timedelta(minutes=2)
"""Longer than any channel may take for one message."""
PAUSES = Backoff(
    tuple(timedelta(seconds=s) for s in (10, 30, 60, 120, 300, 900, 1800, 3600, 7200, 14400))
)
"""Between tries; after the last one it is given up."""
LONGEST_WAIT = timedelta(days=1)
"""What was kept back for so long, by a circuit or by nobody's being there, is given up."""
MAX_SUBJECT_CHARS = 300


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries; all times in them are the database's."""

    def write(
        self, message: Message, kind: Delivery.Kind, to: Iterable[Target], about: str = ""
    ) -> list[Delivery]:
        """Leave a message for each of these targets, in the transaction of what it tells."""
        now = clock.now()
        return self.bulk_create(
            Delivery(
                kind=kind, about=about, channel=target.channel, target=target.name,
                subject=message.subject[:MAX_SUBJECT_CHARS], text=message.text, html=message.html,
                data=dict(message.data), key=message.key, created_at=now, next_try_at=now,
            )
            for target in to
        )  # fmt: skip

    def waiting(self) -> Self:
        """Those that are neither sent nor given up."""
        return self.filter(state=Delivery.State.WAITING)

    def due(self, now: datetime) -> Self:
        """Those to be tried now. Of what is about one thing, a target gets the earlier message first."""
        earlier = Delivery.objects.waiting().filter(
            channel=OuterRef("channel"), target=OuterRef("target"), about=OuterRef("about"),
            pk__lt=OuterRef("pk"),
        )  # fmt: skip
        is_next = Q(about="") | ~Exists(earlier)
        # A moment that is much later than any can be was written by a clock that ran ahead.
        is_time = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + 2 * PAUSES.pauses[-1])
        return self.waiting().filter(is_time & is_next & _is_free(now)).order_by("pk")

    def claim(self, pk: int) -> Delivery | None:
        """The delivery, for the caller alone until its lease is over; None if another has it."""
        now = clock.now()
        mine = self.waiting().filter(_is_free(now), pk=pk).update(claimed_until=now + LEASE)
        return self.get(pk=pk) if mine else None

    def failing(self, now: datetime) -> Self:
        """Those that could not be brought to their target, and nothing after them could."""
        later = Delivery.objects.filter(
            channel=OuterRef("channel"), target=OuterRef("target"), state=Delivery.State.SENT,
            pk__gt=OuterRef("pk"),
        )  # fmt: skip
        tried = Q(state=Delivery.State.WAITING, attempts__gt=1) | Q(state=Delivery.State.FAILED)
        recent = Q(created_at__gt=now - 2 * LONGEST_WAIT)
        return self.filter(tried & recent).exclude(Exists(later)).order_by("-pk")

    def written_before(self, moment: datetime) -> Self:
        """Those that are older, whatever became of them."""
        return self.filter(created_at__lt=moment)


def _is_free(now: datetime) -> Q:
    """Who is claimed for much longer than anybody is was so by a clock that ran ahead; for somewhat longer,
    by somebody who was faster than this look."""
    is_held = Q(claimed_until__gt=now, claimed_until__lte=now + 2 * LEASE)
    return Q(claimed_until=None) | ~is_held


class Delivery(models.Model):
    """One message for one target. It is tried until it is sent, or given up."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("on its way")
        SENT = "sent", _("sent")
        FAILED = "failed", _("given up")

    class Kind(models.TextChoices):
        """Why it was written."""

        ALERT = "alert", _("alert")
        DIGEST = "digest", _("digest")
        TEST = "test", _("test")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    about = models.CharField(max_length=255, blank=True)
    """What it tells of: later messages about the same wait for it."""
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    target = models.CharField(_("target"), max_length=255)
    """Its name (`ghost.operations.channels.targets`), in which nothing is secret."""
    subject = models.CharField(_("subject"), max_length=MAX_SUBJECT_CHARS)
    text = models.TextField(_("text"))
    html = models.TextField(blank=True)
    data: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    key = models.CharField(max_length=32)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("written"), db_index=True)
    next_try_at = models.DateTimeField(_("next try"), null=True)
    claimed_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    error = ReasonField(_("last error"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="ghost_delivery_due"),
            models.Index(fields=["channel", "target", "state"], name="ghost_delivery_target"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def shown_target(self) -> str:
        """Its name, for people: operators' only for who may see them."""
        is_person = self.channel == Channel.MAIL
        return people.shown(self.target.removeprefix(OPERATOR)) if is_person else self.target

    @property
    def message(self) -> Message:
        """What is sent."""
        return Message(self.subject, self.text, self.html, self.data, self.key)

    def succeed(self) -> None:
        """It was taken by its target. What only fills the table goes."""
        self.attempts += 1
        self._end(self.State.SENT)

    def fail(self, error: Reason, retry_after_s: float | None = None) -> None:
        """It was not taken: it is tried again after a growing pause, or given up after the last one."""
        self.attempts += 1
        if PAUSES.is_over(self.attempts):
            self.give_up(error)
            return
        wanted = timedelta(seconds=retry_after_s or 0)
        pause = min(max(PAUSES.after(self.attempts), wanted), PAUSES.pauses[-1])
        self._wait(pause, error)

    def put_off(self, pause: timedelta, error: Reason) -> None:
        """It was not tried, since its target is left alone; after a day of that it is given up."""
        if clock.now() - self.created_at > LONGEST_WAIT:
            self.give_up(error)
            return
        self._wait(pause, error)

    def give_up(self, error: Reason) -> None:
        """It is not tried again."""
        self._end(self.State.FAILED, error)

    def _wait(self, pause: timedelta, error: Reason) -> None:
        self.next_try_at, self.claimed_until, self.error = clock.now() + pause, None, error
        self.save(update_fields=["attempts", "next_try_at", "claimed_until", "error"])

    def _end(self, state: Delivery.State, error: Reason = NONE) -> None:
        self.state, self.error, self.html = state, error, ""
        self.ended_at, self.next_try_at, self.claimed_until = clock.now(), None, None
        self.save()
