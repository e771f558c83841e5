"""How bad something is."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ghost.operations.figures import Status


class Level(models.TextChoices):
    """In rising order."""

    WARNING = "warning", _("needs care")
    CRITICAL = "critical", _("does not work")

    @classmethod
    def of(cls, status: Status) -> Level:
        """The level of an item that is bad."""
        return cls.CRITICAL if status == Status.DOWN else cls.WARNING


def rank(level: str) -> int:
    """0 for none, and more the worse it is."""
    return Level.values.index(level) + 1 if level in Level.values else 0
