"""Info-hashes that must not come back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.batches import QUERY_KEYS, batched
from ghost.core.db.fields import LinesField
from ghost.core.errors import RefusedError
from resources.models.hashes.text_hash import TextHash
from resources.torrents import magnets


class BlockQuerySet(models.QuerySet["Block"]):
    """Blocked hashes, by takedowns or by hand."""

    def covering(self, *hashes: str | None) -> Self:
        """Blocks of any of these hashes: each is a variable of the query, so hundreds at most."""
        return self.filter(info_hash__in=[h for h in hashes if h])

    def of_takedowns(self) -> Self:
        """Those that a takedown made, and its end takes away."""
        return self.filter(is_of_takedown=True)

    def add(
        self,
        hashes: Collection[str],
        *,
        reason: str,
        by: str,
        is_of_takedown: bool = False,
        of: Collection[int] = (),
    ) -> None:
        """Block each hash; one that is blocked already stays as it is. What names one in a text,
        beside the resources whose own they are (`of`), is told to the catalog."""
        self.bulk_create(
            (
                Block(info_hash=h, reason=reason, created_by=by, is_of_takedown=is_of_takedown)
                for h in hashes
            ),
            ignore_conflicts=True,
        )
        TextHash.objects.tell(hashes, is_blocked=True, besides=of)

    def store(self, blocks: Collection[Block]) -> None:
        """Add these as they are; IntegrityError if one of their hashes is blocked already."""
        self.bulk_create(blocks)
        TextHash.objects.tell([block.info_hash for block in blocks], is_blocked=True)

    def lift(self, hashes: Collection[str]) -> None:
        """End the blocks of this set that are of these hashes; what names one in a text may be
        shown again."""
        found = set[str]()
        for part in batched(sorted(set(hashes)), QUERY_KEYS):
            blocks = self.covering(*part)
            found.update(blocks.values_list("info_hash", flat=True))
            blocks.delete()
        TextHash.objects.tell(found, is_blocked=False)

    def keep_for_good(self, hashes: Collection[str]) -> None:
        """Blocks of a takedown whose end shall not lift them: an operator may, in the blocklist."""
        self.of_takedowns().covering(*hashes).update(is_of_takedown=False)


class Block(models.Model):
    """One info-hash (v1 or v2, lower-case hex) that is refused."""

    info_hash = models.CharField(_("info-hash"), max_length=64, unique=True)
    reason = LinesField(_("reason"), max_length=2000, blank=True)
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

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        """What names a hash that is blocked newly is told to the catalog."""
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new:
                TextHash.objects.tell([self.info_hash], is_blocked=True)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:  # noqa: ANN401  # Django's
        """End it, as `lift` does."""
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            TextHash.objects.tell([self.info_hash], is_blocked=False)
        return deleted

    def clean(self) -> None:
        """Any spelling of a hash is taken and stored in one."""
        try:
            self.info_hash = magnets.normal_hash(self.info_hash)
        except RefusedError as error:
            raise ValidationError({"info_hash": str(error)}) from error
