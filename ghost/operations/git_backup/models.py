"""What came of the git backups; one row."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.db.fields import ReasonField
from ghost.core.text.reasons import NONE, Plain, Reason


class GitBackup(models.Model):
    """The last try, and the last that went well."""

    ONLY = 1
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    """Of the last try; before `began_at` while one is under way, or where it was killed."""
    done_at = models.DateTimeField(null=True)
    """When one last went well, the push included."""
    as_of = models.DateTimeField(null=True)
    """When that one began: what was taken down before is not in it."""
    failing_since = models.DateTimeField(null=True)
    error = ReasonField(blank=True)
    """Why the last try failed."""
    commit = models.CharField(max_length=40, blank=True)
    resources = models.PositiveIntegerField(default=0)
    is_pushed = models.BooleanField(default=False)
    """Whether that commit is where it is pushed to."""
    notes: models.JSONField[list[Plain]] = models.JSONField(default=list)
    """What the last try had to put right, as plain reasons."""

    class Meta:
        default_permissions = ()
        verbose_name = verbose_name_plural = _("git backup")

    def __str__(self) -> str:
        return "git backup"

    @classmethod
    def get(cls) -> Self:
        """The row; a new one where nothing was tried yet."""
        return cls.objects.filter(pk=cls.ONLY).first() or cls(pk=cls.ONLY)

    @classmethod
    def begin(cls) -> Self:
        """Note that one begins."""
        row = cls.get()
        row._keep(began_at=timezone.now())
        return row

    def fail(self, reason: Reason, **found: Any) -> None:  # noqa: ANN401  # columns
        """Note that it failed; `found`: how far it came."""
        now = timezone.now()
        since = self.failing_since or now
        self._keep(ended_at=now, error=reason, failing_since=since, is_pushed=False, **found)

    def succeed(self, **found: Any) -> None:  # noqa: ANN401  # columns
        """Note that it went well."""
        now = timezone.now()
        self._keep(
            ended_at=now, done_at=now, as_of=self.began_at, error=NONE, failing_since=None, **found
        )

    def _keep(self, **values: Any) -> None:  # noqa: ANN401  # columns
        for name, value in values.items():
            setattr(self, name, value)
        self.save()
