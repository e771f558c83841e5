"""The tree in which each resource has one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.db.fields import FoldedField, NameField, require_no_hash
from ghost.core.errors import ForbiddenError, RefusedError
from ghost.core.text.reasons import NONE, Reason
from resources import reasons, slugs
from teams.models import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 12
PUBLIC_FIELDS = ("name", "slug", "parent_id", "sort_order")


@dataclass(frozen=True)
class Place:
    """A category where it stands: 0 for a root, slugs joined by `/`, names from the root down."""

    category: Category
    depth: int
    path: str
    names: tuple[str, ...]
    resource_count: int = 0


class CategoryQuerySet(models.QuerySet["Category"]):
    """Categories, and the tree that they make."""

    def tree(self) -> list[Place]:
        """All of the set in tree order, two queries at most; a child whose parent is not in the
        set is left out."""
        rows = self.annotate(
            own_resources=models.Count("resources")  # type: ignore[no-redef]  # declared below
        ).order_by()
        children: dict[int | None, list[Category]] = {}
        for row in sorted(rows, key=in_order):
            children.setdefault(row.parent_id, []).append(row)
        return list(_places(children, None, 0, "", ()))


def in_order(row: Category) -> tuple[int, str, int]:
    """The order among siblings: names by code points, whatever the database's collation."""
    return row.sort_order, row.name, row.pk


def _places(
    children: dict[int | None, list[Category]],
    parent: int | None,
    depth: int,
    prefix: str,
    names: tuple[str, ...],
) -> Iterator[Place]:
    for row in children.get(parent, []):
        path, here = prefix + row.slug, (*names, row.name)
        yield Place(row, depth, path, here, row.own_resources)
        yield from _places(children, row.pk, depth + 1, path + "/", here)


def _misplaced(message: str) -> ValidationError:
    return ValidationError({"parent": ValidationError(message, code="misplaced")})


class Category(models.Model):
    """A node of the tree."""

    own_resources: int  # from `tree()`

    root = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="subtree"
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=gettext_lazy("parent"),
    )
    name = NameField(
        gettext_lazy("name"),
        max_length=100,
        validators=[MinLengthValidator(1)],
        error_messages={"blank": gettext_lazy("A name is required.")},
    )
    name_folded = FoldedField(of="name")
    slug = models.CharField(
        gettext_lazy("slug"),
        max_length=slugs.MAX_BYTES,
        blank=True,
        help_text=gettext_lazy("Part of the address; made from the name if left empty."),
    )
    sort_order = models.IntegerField(gettext_lazy("sort order"), default=0)
    torznab_id = models.PositiveIntegerField(
        gettext_lazy("Torznab category"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1000), MaxValueValidator(8999)],
        help_text=gettext_lazy("The standard number that Torznab clients also find it by."),
    )
    created_by = models.ForeignKey(
        Token,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="made_categories",
        verbose_name=gettext_lazy("made by"),
    )
    created_at = models.DateTimeField(gettext_lazy("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(gettext_lazy("updated"), default=timezone.now, editable=False)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["sort_order", "name", "id"]
        verbose_name = gettext_lazy("category")
        verbose_name_plural = gettext_lazy("categories")
        constraints = [
            models.UniqueConstraint(
                "parent",
                "slug",
                name="resources_category_slug_among_siblings",
                violation_error_code="duplicate",
                violation_error_message=gettext_lazy("A sibling already has this slug."),
            ),
            models.UniqueConstraint(
                "slug",
                condition=models.Q(parent=None),
                violation_error_code="duplicate",
                name="resources_category_slug_among_roots",
                violation_error_message=gettext_lazy(
                    "Another root category already has this slug."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Slug by rule; no cycle; bounded depth."""
        if not self.name:  # told by the field
            return
        self.slug = slugs.make(self.slug or self.name)
        require_no_hash(self.slug)
        if self.slug == "page":
            raise ValidationError({"slug": _("“page” is reserved for the pages of lists.")})
        self._clean_place()
        self._refuse_twins()

    def _refuse_twins(self) -> None:
        siblings = Category.objects.filter(parent=self.parent, slug=self.slug).exclude(pk=self.pk)
        if siblings.exists():
            message = _("There is already a category “%(slug)s” at this level.") % {
                "slug": self.slug
            }
            raise ValidationError({"slug": ValidationError(message, code="duplicate")})

    def _clean_place(self) -> None:
        if self.parent_id and not Category.objects.filter(pk=self.parent_id).exists():
            raise _misplaced(_("There is no such category."))
        above = self._ancestors()
        if self.pk and self in above:
            raise _misplaced(_("A category can't be moved below itself."))
        if len(above) + self._height() > MAX_DEPTH:
            raise _misplaced(
                _("Categories can be nested at most %(depth)d levels deep.") % {"depth": MAX_DEPTH}
            )

    def change(self, values: dict[str, Any]) -> None:
        """Set some fields, over what others changed meanwhile, and `store` it."""
        with Catalog.turn():
            self.refresh_from_db()
            for name, value in values.items():
                setattr(self, name, value)
            self.store()

    def store(self, *, reason: Reason = NONE) -> None:
        """The one way to save it: checked, its subtree's root kept right, the revision moved.

        ValidationError has the code `misplaced` for a parent that can't be, `duplicate` for a
        slug that a sibling has.
        """
        with Catalog.turn():  # two moves at once could make a cycle together
            old = Category.objects.filter(pk=self.pk).first()
            self.full_clean(exclude=["root", "parent"])  # `clean` looks at the place itself
            self.updated_at = timezone.now()
            above = self._ancestors()
            self.root = above[-1] if above else None
            self.save()
            top = above[-1] if above else self
            Category.objects.filter(pk__in=[self.pk, *self._descendant_ids()]).update(root=top)
            self.root = top
            action = "category.update" if old else "category.create"
            trail.record(action, self, old.audited() if old else None, self.audited())
            if old is None or old.public_state() != self.public_state():
                Catalog.advance(reason or reasons.CATEGORY_CHANGED(name=self.name))

    def public_state(self) -> dict[str, Any]:
        """What the public site shows of it."""
        return {field: getattr(self, field) for field in PUBLIC_FIELDS}

    def audited(self) -> dict[str, Any]:
        """What people decide about it, for the audit trail."""
        return self.public_state() | {"torznab_id": self.torznab_id}

    def discard(self) -> None:
        """Delete it; RefusedError while it has children or resources."""
        with Catalog.turn():
            if self.children.exists():
                raise RefusedError(_("The category has subcategories; move or delete them first."))
            if self.resources.exists():
                raise RefusedError(_("The category has resources; move them first."))
            name = self.name
            trail.record("category.delete", self, self.audited(), None)
            Category.objects.filter(pk=self.pk).update(root=None)
            self.delete()
            Catalog.advance(reasons.CATEGORY_DELETED(name=name))

    @staticmethod
    def require_maker(token: Token) -> None:
        """ForbiddenError if the token's work is reviewed: a category is public at once."""
        if token.is_reviewed:
            raise ForbiddenError(_("What you publish is reviewed; ask an operator for a category."))

    def require_change_by(self, token: Token) -> None:
        """ForbiddenError unless Admin, or its maker while nobody else has a part in it, whose work
        is not reviewed.

        That is a resource or a category of somebody else, in it or anywhere below. The members
        of one's own teams count as oneself.
        """
        if token.is_admin:
            return
        self.require_maker(token)
        own = set(Token.objects.acting_for(token).values_list("pk", flat=True))
        if self.created_by_id not in own:
            raise ForbiddenError(_("This category was created by somebody else."))
        subtree = Category.objects.filter(pk__in=[self.pk, *self._descendant_ids()]).order_by()
        if set(subtree.values_list("created_by", flat=True)) - own:
            raise ForbiddenError(_("Somebody else created a category below this one."))
        publishers = subtree.values_list("resources__publisher", flat=True).distinct()
        if set(publishers) - own - {None}:
            raise ForbiddenError(_("Somebody else publishes in this category."))

    def _ancestors(self) -> list[Category]:
        """From the parent up to the root; stops where it would come round."""
        above: list[Category] = []
        node = self.parent
        while node is not None and node not in above:
            above.append(node)
            node = node.parent
        return above

    def _descendant_ids(self) -> list[int]:
        keys: list[int] = []
        level = [self.pk]
        while level := list(
            Category.objects.filter(parent__in=level)
            .exclude(pk__in=[*keys, self.pk])
            .values_list("pk", flat=True)
        ):
            keys += level
        return keys

    def _height(self) -> int:
        height, level = 1, [self.pk] if self.pk else []
        while (
            level := list(Category.objects.filter(parent__in=level).values_list("pk", flat=True))
        ) and height <= MAX_DEPTH:
            height += 1
        return height
