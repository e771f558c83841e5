"""What operators may silence for a while: a rule of alerts, or one alert."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from ghost.core.audit import trail
from ghost.core.db import clock

LONGEST_SILENCE = timedelta(days=31)


class Silenceable(models.Model):
    """Nobody is told of it for a while."""

    SUBJECT: ClassVar[str]
    """Its noun in the audit trail."""

    silenced_until = models.DateTimeField(_("silenced until"), null=True, editable=False)

    class Meta:
        abstract = True

    def is_silenced(self, now: datetime) -> bool:
        """Whether nobody is to be told now."""
        return self.silenced_until is not None and self.silenced_until > now

    def silence(self, until: datetime | None) -> None:
        """Tell nobody of it until then; None: from now on again. ValidationError for the past."""
        now = clock.now()
        if until is not None and not now < until <= now + LONGEST_SILENCE:
            raise ValidationError({"silenced_until": _("Name a time to come, within 31 days.")})
        before = self.silenced_until
        with transaction.atomic():
            self.silenced_until = until
            self.save(update_fields=["silenced_until"])
            trail.record(f"{self.SUBJECT}.silence", self, {"until": before}, {"until": until})
