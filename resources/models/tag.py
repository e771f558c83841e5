"""The index of tags by slug; the truth is `Resource.tags`, as the publisher typed them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from ghost.core.db.pacing import ROWS_AT_ONCE, PacedWriter
from resources import slugs, tags
from resources.models.fields import ResourceFields

LAST_CHARACTER = "\U0010ffff"


class TagQuerySet(models.QuerySet["ResourceTag"]):
    """Sets of tags of resources."""

    def named(self, name: str) -> TagQuerySet:
        """Those of this name, in any spelling with the same slug."""
        return self.filter(slug=slugs.make(name))

    def starting_with(self, text: str) -> TagQuerySet:
        """Those whose name begins with this text."""
        slug = slugs.make(text)
        return self.filter(slug__gte=slug, slug__lt=slug + LAST_CHARACTER)

    def index(self, rows: Iterable[ResourceFields]) -> None:
        """Bring the index up to the `tags` of these rows, which are stored."""
        indexed = [
            ResourceTag(resource_id=row.pk, slug=slugs.make(tag), name=tag)
            for row in rows
            for tag in row.tags
        ]
        self.bulk_create(
            indexed,
            update_conflicts=True, update_fields=["name", "rules"], unique_fields=["resource", "slug"],
        )  # fmt: skip

    def outdated(self) -> TagQuerySet:
        """Those whose slug was made by other rules than this Ghost's."""
        return self.exclude(rules=slugs.RULES)

    def renew(self) -> int:
        """Give those new slugs, a part at a time; how many there were. Of two tags of a resource that have one slug
        now one stays in the index; the resource has both as they were typed."""
        writer, keys = (
            PacedWriter(),
            list(self.outdated().order_by("pk").values_list("pk", flat=True)),
        )
        for part in writer.in_parts(keys, ROWS_AT_ONCE):
            with writer.writing():
                self.filter(pk__in=part)._renew()
        return len(keys)

    def _renew(self) -> None:
        for row in self:
            if (slug := slugs.make(row.name)) != row.slug:
                twins = ResourceTag.objects.filter(resource=row.resource_id, slug=slug)
                if twins.exclude(pk=row.pk).exists():
                    row.delete()
                else:
                    ResourceTag.objects.filter(pk=row.pk).update(slug=slug)
        self.all().update(rules=slugs.RULES)


class ResourceTag(models.Model):
    """One tag of one resource."""

    resource = models.ForeignKey("resources.Resource", models.CASCADE, related_name="tag_index")
    slug = models.CharField(max_length=200)
    name = models.CharField(max_length=tags.MAX_CHARS)
    rules = models.PositiveSmallIntegerField(default=slugs.RULES)
    """The version of those that its slug was made by."""

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint("resource", "slug", name="resources_tag_once_per_resource")
        ]
        indexes = [models.Index(fields=["slug", "resource"], name="resources_tagged")]

    def __str__(self) -> str:
        return self.name
