"""The catalog's revision: how anyone learns that what is public has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Self, TypeVar

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.db import pacing
from ghost.core.db.fields import ReasonField
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.task_names import TaskName
from ghost.core.text.reasons import Reason

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Catalog(models.Model):
    """One row. Every write that changes public content moves `revision`, in its transaction.

    `builds` compares it with the revision that it last built, so a change can't be lost: not
    by a build that runs meanwhile, nor by a crash.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    revision = models.PositiveBigIntegerField(_("revision"), default=0)
    urgent_revision = models.PositiveBigIntegerField(default=0)
    """The last revision that can't wait: something was taken down, or a hash was blocked."""
    removal_revision = models.PositiveBigIntegerField(default=0)
    """The last revision in which anything had to leave the site (`Removal`)."""
    reason = ReasonField(_("last change"))
    changed_at = models.DateTimeField(_("changed"), default=EPOCH)
    announced_at = models.DateTimeField(_("announced"), default=EPOCH)

    class Meta:
        verbose_name = _("catalog")
        verbose_name_plural = _("catalog")
        constraints = [models.CheckConstraint(name="ghost_one_catalog", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"revision {self.revision}"

    @classmethod
    def get(cls) -> Catalog:
        """The one row (key 1), made when it is first asked for."""
        return cls.objects.get_or_create(pk=1)[0]

    @classmethod
    @contextmanager
    def turn(cls) -> Iterator[None]:
        """A transaction that has the catalog to itself: other writers wait for its end.

        Whoever writes resources, categories or what hangs on them takes it before anything else.
        So nobody can hold one row and wait for whoever holds another. On SQLite every
        transaction is so by itself.
        """
        with transaction.atomic():
            if connection.features.has_select_for_update:
                cls.objects.select_for_update().get_or_create(pk=1)
            yield

    @classmethod
    def advance(
        cls,
        reason: Reason,
        resources: Iterable[int] = (),
        *,
        removed: Iterable[int] = (),
        withdrawn: Iterable[int] = (),
        masked: Iterable[int] = (),
        is_announced: bool = True,
    ) -> None:
        """Say that public content changes with this transaction, and why (shown to operators).

        `resources` are the keys of those that the public sees otherwise from now on; names of
        categories, publishers and teams are compared by whoever shows them. Those `removed` (taken
        down) or `withdrawn` must be off the site at once, and those `masked` show a hash no more that
        is blocked now; where something was blocked, the build that follows waits for no quiet. Who
        builds it himself announces nothing.
        """
        cls.get()
        now = timezone.now()
        urgent = {Removal.Kind.TAKEDOWN: list(removed), Removal.Kind.MENTION: list(masked)}
        removals = urgent | {Removal.Kind.WITHDRAWAL: list(withdrawn)}
        with transaction.atomic():
            cls.objects.filter(pk=1).update(
                revision=models.F("revision") + 1, reason=reason, changed_at=now
            )
            revision = cls.objects.values_list("revision", flat=True).get()
            Change.objects.note(revision, resources)
            if any(removals.values()):
                Removal.note(revision, removals)
                cls._move_removals(revision, is_urgent=any(urgent.values()))
            if is_announced and settings.GHOST.enable_scheduler:
                cls._tell(now, is_urgent=any(urgent.values()))

    @classmethod
    def _move_removals(cls, revision: int, *, is_urgent: bool) -> None:
        columns = {"removal_revision": revision}
        cls.objects.filter(pk=1).update(
            **columns, **({"urgent_revision": revision} if is_urgent else {})
        )

    @classmethod
    def _tell(cls, now: datetime, *, is_urgent: bool) -> None:
        if is_urgent:
            transaction.on_commit(cls._hurry, robust=True)
        else:
            cls._announce(now)

    @staticmethod
    def _hurry() -> None:
        queue.enqueue(TaskName.BUILD_AT_ONCE, kind=JobKind.BUILD)

    @classmethod
    def _announce(cls, now: datetime) -> None:
        """Wake the builder, once for a burst of changes: it waits until the burst is over.

        A change that finds an announcement made leaves it at that: whoever hears that one looks
        at the revision afterwards. A queue that can't be written to must not make an error of a
        change that is committed; the schedules find it.
        """
        quiet_for = timedelta(seconds=settings.GHOST.build_debounce_s)
        calm = cls.objects.filter(pk=1, announced_at__lte=now - quiet_for)
        if calm.update(announced_at=now):
            transaction.on_commit(cls._wake, robust=True)

    @staticmethod
    def _wake() -> None:
        queue.enqueue(TaskName.BUILD_WHEN_QUIET, kind=JobKind.BUILD)

    @classmethod
    def heard(cls) -> None:
        """Say that what was announced is known. Called *before* looking at the revision, so that
        a change is either seen by that look or announced anew."""
        cls.objects.filter(pk=1, announced_at__gt=EPOCH).update(announced_at=EPOCH)


Noted = TypeVar("Noted", "Change", "Removal")


class NotedQuerySet(models.QuerySet[Noted]):
    """Which resources changed, or were taken down, in which revision."""

    def after(self, revision: int) -> Self:
        """Those that whoever knows the catalog as of `revision` has not seen."""
        return self.filter(revision__gt=revision)

    def forget(self, revision: int) -> None:
        """Drop those that are known up to that revision."""
        pacing.delete(self.filter(revision__lte=revision))


class ChangeQuerySet(NotedQuerySet["Change"]):
    """The last change of each resource, which is its present version."""

    def note(self, revision: int, resources: Iterable[int]) -> None:
        """That these have another version since that revision, which is not on the site yet."""
        keys = dict.fromkeys(resources)
        self.bulk_create(
            [self.model(resource_id=pk, revision=revision) for pk in keys],
            batch_size=5000,
            update_conflicts=True,
            unique_fields=["resource_id"],
            update_fields=["revision", "on_site_at"],
        )

    def note_come(self, revision: int, resources: Iterable[int]) -> None:
        """That the hour of these has come, of which nobody noted a change."""
        rows = [self.model(resource_id=pk, revision=revision) for pk in resources]
        self.bulk_create(rows, batch_size=5000, ignore_conflicts=True)

    def on_site(self) -> Self:
        """Versions that stand on the public site."""
        return self.filter(on_site_at__isnull=False)

    def to_come(self, revision: int) -> Self:
        """Versions up to that revision which nobody has seen on the site yet."""
        return self.filter(on_site_at=None, revision__lte=revision)


class Change(models.Model):
    """The last change of a resource that the public sees: what a build looks at, and since when
    readers see what came of it (docs/decisions/0043).

    No foreign key: the resource may be deleted before the build that takes it off the site.
    """

    resource_id = models.BigIntegerField(primary_key=True)
    revision = models.PositiveBigIntegerField(db_index=True)
    on_site_at = models.DateTimeField(null=True)
    """Since when that version stands on the public site; None: not yet, or no longer."""

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["revision"],
                condition=models.Q(on_site_at=None),
                name="ghost_change_to_come",
            ),
        ]

    def __str__(self) -> str:
        return f"resource {self.resource_id} in revision {self.revision}"


class Removal(models.Model):
    """One resource that had to leave the site in a revision, or what a text of it names: what is
    published since may not show it.

    Also one that the public did not see any more, since the site may be behind, or put back.
    """

    class Kind(models.TextChoices):
        """Why; a withdrawal blocks nothing, and its page may stand in states that are kept."""

        TAKEDOWN = "takedown"
        WITHDRAWAL = "withdrawal"
        MENTION = "mention"
        """A text of it names a hash that was blocked: it is shown without."""

    revision = models.PositiveBigIntegerField(db_index=True)
    resource_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TAKEDOWN)

    objects = NotedQuerySet["Removal"].as_manager()

    def __str__(self) -> str:
        return f"resource {self.resource_id} off in revision {self.revision}"

    @classmethod
    def note(cls, revision: int, removals: Mapping[Kind, Iterable[int]]) -> None:
        """That these had to, in that revision."""
        rows = (
            cls(revision=revision, resource_id=pk, kind=kind)
            for kind, resources in removals.items()
            for pk in resources
        )
        cls.objects.bulk_create(rows, batch_size=5000)
