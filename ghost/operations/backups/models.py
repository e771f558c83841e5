"""What is known of each backup: who reads health on another host has not the file at hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core import backoff
from ghost.core.db.fields import ReasonField
from ghost.core.heartbeats.models import HOST_CHARS, host_name
from ghost.core.text.reasons import NONE, Reason
from ghost.operations.backups.archive import NAME_CHARS, Archive, Kind
from ghost.operations.backups.proof import Proof

COPY_PAUSES = backoff.of_minutes(5, 15, 30, 60)
"""Between tries to copy one that fail; the last one again and again."""
ADDRESS_CHARS = 500


class BackupQuerySet(models.QuerySet["Backup"]):
    """Sets of backups."""

    def standing(self) -> Self:
        """Those that are kept."""
        return self.filter(dropped_at=None)

    def full(self) -> Self:
        """Those with everything that a new machine needs."""
        return self.filter(kind=Backup.Kind.FULL)

    def newest_first(self, now: datetime) -> Self:
        """As `archive.newest_first` has them."""
        is_ahead = models.Q(created_at__gt=now)
        return self.order_by(
            models.ExpressionWrapper(is_ahead, models.BooleanField()), "-created_at"
        )

    def uncopied(self, to: str) -> Self:
        """Those that are kept and don't lie there, the newest first."""
        return self.standing().exclude(copied_to=to)

    def due_to_copy(self, to: str) -> Self:
        """Those of them whose time has come."""
        due = models.Q(copy_due_at=None) | models.Q(copy_due_at__lte=timezone.now())
        return self.uncopied(to).filter(due)

    def refresh(self, found: Iterable[Archive]) -> None:
        """Have a row for each archive that lies here, and none of this host for one that doesn't any
        more."""
        archives = {archive.path.name: archive for archive in found}
        self.standing().filter(host=host_name()).exclude(name__in=archives).delete()
        known = set(self.filter(name__in=archives).values_list("name", flat=True))
        new = (_row(archive) for name, archive in archives.items() if name not in known)
        self.bulk_create(new, ignore_conflicts=True)
        self.filter(name__in=archives).exclude(dropped_at=None).update(dropped_at=None)

    def note(self, archive: Archive) -> Backup:
        """The row of an archive that was just written."""
        return self.update_or_create({**_values(archive)}, name=archive.path.name)[0]


class Backup(models.Model):
    """One archive, as the host saw it on which it lies."""

    class Kind(models.TextChoices):
        """What is in it."""

        FULL = Kind.FULL.value, _("full")
        SCHEMA = Kind.SCHEMA.value, _("schema")

    name = models.CharField(_("file"), max_length=NAME_CHARS, unique=True)
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices, default=Kind.FULL)
    host = models.CharField(_("host"), max_length=HOST_CHARS)
    created_at = models.DateTimeField(_("made at"))
    bytes = models.BigIntegerField(_("size in bytes"))
    is_encrypted = models.BooleanField(_("encrypted"))
    read_at = models.DateTimeField(_("last read whole"), null=True)
    proven_at = models.DateTimeField(_("last tried to restore"), null=True)
    is_proven = models.BooleanField(_("restored and counted"), null=True)
    """What the last try to restore it came to."""
    is_counted_only = models.BooleanField(_("counted, not restored"), default=False)
    proof = ReasonField(_("proof"))
    tables = models.IntegerField(_("tables"), null=True)
    rows = models.BigIntegerField(_("rows"), null=True)
    files = models.IntegerField(_("files"), null=True)
    copied_to = models.CharField(max_length=ADDRESS_CHARS, default="")
    copied_at = models.DateTimeField(_("copied at"), null=True)
    copy_tries = models.IntegerField(_("failed copies"), default=0)
    copy_due_at = models.DateTimeField(_("next copy"), null=True)
    copy_error = ReasonField(_("last error of its copy"))
    dropped_at = models.DateTimeField(null=True)
    """Since when it lies at the second place alone, and has to go there too."""

    objects = BackupQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [
            ("make_backup", "Can make and prove backups"),
            ("download_backup", "Can download backups"),
        ]
        verbose_name = _("backup")
        verbose_name_plural = _("backups")

    def __str__(self) -> str:
        return self.name

    def note_read(self) -> None:
        """It was read to its end just now."""
        self._keep(read_at=timezone.now())

    def note_proof(self, proof: Proof) -> None:
        """It was restored and counted just now."""
        now = timezone.now()
        self._keep(
            read_at=now, proven_at=now, is_proven=True, is_counted_only=not proof.is_restored,
            proof=proof.told(), tables=proof.tables, rows=proof.rows, files=proof.files,
        )  # fmt: skip

    def note_failed_proof(self, reason: Reason) -> None:
        """It could not be restored."""
        self._keep(proven_at=timezone.now(), is_proven=False, proof=reason)

    def note_copied(self, to: str) -> None:
        """It lies at the second place too."""
        self._keep(
            copied_to=to, copied_at=timezone.now(), copy_tries=0, copy_due_at=None, copy_error=NONE
        )

    def note_failed_copy(self, reason: Reason) -> None:
        """It could not be brought there, and is tried again later."""
        tries = self.copy_tries + 1
        due: datetime = timezone.now() + COPY_PAUSES.after(tries)
        self._keep(copy_tries=tries, copy_due_at=due, copy_error=reason)

    def drop(self) -> None:
        """Its file is gone here."""
        if self.copied_at:
            self._keep(dropped_at=timezone.now())
        else:
            self.delete()

    def _keep(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        Backup.objects.filter(pk=self.pk).update(**values)


def _values(archive: Archive) -> dict[str, object]:
    return {
        "kind": archive.kind.value,
        "host": host_name(),
        "created_at": archive.created_at,
        "bytes": archive.bytes,
        "is_encrypted": archive.is_encrypted,
    }


def _row(archive: Archive) -> Backup:
    return Backup(name=archive.path.name, **_values(archive))
