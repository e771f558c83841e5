"""The steps of a build."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import put_lines_into_words


class Step(models.Model):
    """One step of a build, with what it printed."""

    build = models.ForeignKey("builds.Build", models.CASCADE, related_name="steps")
    name = models.CharField(_("step"), max_length=30)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    is_ok = models.BooleanField(_("ok"), null=True)
    exit_code = models.IntegerField(_("exit code"), null=True)
    output = models.TextField(_("output"), blank=True)
    """What programs printed; what Ghost says itself is a stored reason, one a line."""
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    """How far it is while it runs; 0 of 0 where that can't be told."""

    class Meta:
        ordering = ["id"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")

    def __str__(self) -> str:
        return self.name

    @property
    def text(self) -> str:
        """What it printed, its lines that are stored reasons in the reader's language."""
        return put_lines_into_words(self.output)

    @property
    def seconds(self) -> float | None:
        """Seconds from its start to its end; None while it runs."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None
