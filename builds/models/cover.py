"""What is known of each cover, and which process fetches them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core import process
from resources.models import Resource

LONGEST_LEASE = timedelta(minutes=15)
"""A lease that ends later was written by a clock that ran ahead: nobody waits for it."""


class CoverQuerySet(models.QuerySet["Cover"]):
    """Sets of covers, of which each resource has one at most."""

    def made(self) -> Self:
        """Those that were drawn, and not only tried."""
        return self.exclude(digest="")

    def digests(self) -> set[str]:
        """What their files are named by."""
        return set(self.made().values_list("digest", flat=True))

    def left_over(self) -> Self:
        """Those that their resources don't show any more."""
        return self.made().filter(resource__cover_image_path=None)

    def outdated(self, version: int) -> Self:
        """Those drawn by an earlier version of ours that can be had again, and are not asked for:
        what was uploaded was kept as it was drawn."""
        shown = self.made().filter(drawing_version__lt=version, resource__cover_due_at=None)
        fetched = shown.filter(resource__cover_uploaded_at=None)
        return fetched.exclude(resource__cover_image_path=None).exclude(
            resource__cover_image_url=None
        )


class Cover(models.Model):
    """The cover of a resource as it was written anew, and how often fetching it failed.

    Shown only while the resource's `cover_image_path` is set: the address may have changed since.
    """

    resource = models.OneToOneField(Resource, models.CASCADE, related_name="cover")
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    """Of both sizes: their files are named by it."""
    width = models.PositiveIntegerField(_("width"), default=0)
    height = models.PositiveIntegerField(_("height"), default=0)
    source = models.CharField(max_length=64, blank=True, editable=False)
    """Digest of the address it came from: another address starts afresh. Empty for an upload."""
    uploaded_by = models.CharField(_("uploaded by"), max_length=150, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    fetched_at = models.DateTimeField(_("fetched"), null=True)
    drawing_version = models.PositiveSmallIntegerField(default=0, editable=False)
    """`pictures.VERSION` of who drew it."""

    objects = CoverQuerySet.as_manager()

    class Meta:
        verbose_name = _("cover")
        verbose_name_plural = _("covers")

    def __str__(self) -> str:
        return f"cover of {self.resource_id}"


class CoverLease(models.Model):
    """One row: which process fetches covers, so that no two fetch the same."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    holder = models.CharField(max_length=process.MAX_CHARS + 33, blank=True)
    """A process, and which of its times."""
    held_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="builds_one_lease", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"held until {self.held_until}"

    @classmethod
    @contextmanager
    def taken(cls, lease_s: float) -> Iterator[bool]:
        """Whether it is ours until the end, or for `lease_s` seconds if we die before."""
        holder, now = f"{process.name()}#{uuid.uuid4().hex}", timezone.now()
        before, _made = cls.objects.get_or_create(pk=1)
        if process.is_alive(before.holder.partition("#")[0]) is False:
            cls.objects.filter(holder=before.holder).update(held_until=None)
        held = models.Q(held_until__gt=now, held_until__lte=now + LONGEST_LEASE)
        until = now + timedelta(seconds=lease_s)
        is_ours = cls.objects.exclude(held).update(holder=holder, held_until=until) == 1
        try:
            yield is_ours
        finally:
            cls.objects.filter(holder=holder).update(held_until=None)
