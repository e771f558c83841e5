"""Info-hashes that must not come back."""

from __future__ import annotations

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.errors import RefusedError
from resources.torrents import magnets


class BlockQuerySet(models.QuerySet["Block"]):
    """Blocked hashes, by takedowns or by hand."""

    def covering(self, *hashes: str | None) -> Self:
        """Blocks of any of these hashes: each is a variable of the query, so hundreds at most."""
        return self.filter(info_hash__in=[h for h in hashes if h])

    def of_takedowns(self) -> Self:
        """Those that a takedown made, and its end takes away."""
        return self.filter(is_of_takedown=True)

    def add(self, hashes: list[str], *, reason: str, by: str, is_of_takedown: bool = False) -> None:
        """Block each hash; one that is blocked already stays as it is."""
        self.bulk_create(
            (
                Block(info_hash=h, reason=reason, created_by=by, is_of_takedown=is_of_takedown)
                for h in hashes
            ),
            ignore_conflicts=True,
        )


class Block(models.Model):
    """One info-hash (v1 or v2, lower-case hex) that is refused."""

    info_hash = models.CharField(_("info-hash"), max_length=64, unique=True)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    created_at = models.DateTimeField(_("blocked"), default=timezone.now, editable=False)
    created_by = models.CharField(_("by"), max_length=150, blank=True, editable=False)
    is_of_takedown = models.BooleanField(_("of a takedown"), default=False, editable=False)

    objects = BlockQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("blocked hash")
        verbose_name_plural = _("blocklist")

    def __str__(self) -> str:
        return self.info_hash

    def clean(self) -> None:
        """Any spelling of a hash is taken and stored in one."""
        try:
            self.info_hash = magnets.normal_hash(self.info_hash)
        except RefusedError as error:
            raise ValidationError({"info_hash": str(error)}) from error
