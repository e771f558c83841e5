"""Many new resources at once: checked beforehand without a lock, then written together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ghost.core.catalog.models import Catalog
from ghost.core.db.snapshot import one_moment
from resources.models.category import Category
from resources.models.hashes.collisions import Collisions
from resources.models.resource import KEYS, Resource


def check(rows: Sequence[Resource]) -> list[ValidationError | None]:
    """Why each of these can't be stored, as `Resource.store` would say; None if it can.

    Cleans them. Nothing is written or locked: the catalog is read at one moment.
    """
    with one_moment():
        collisions, categories = _collisions(rows), _categories(rows)
    return [_error(row, collisions, categories) for row in rows]


def insert(rows: Sequence[Resource]) -> list[ValidationError | None]:
    """Store those that `check` found no fault with; why not, for each that collides with what has
    come since.

    IntegrityError, and nothing is stored, if somebody else brought one of the torrents in this
    very moment. None of them is public before its probe, so the catalog has nothing to tell.
    """
    with Catalog.turn():
        collisions, categories = _collisions(rows), _categories(rows)
        errors = [_late_error(row, collisions, categories) for row in rows]
        left = [row for row, error in zip(rows, errors, strict=True) if error is None]
        Resource.insert_checked(left)
    return errors


def _error(row: Resource, collisions: Collisions, categories: set[int]) -> ValidationError | None:
    row.collisions = collisions
    try:
        _require_category(row, categories)
        row.full_clean(exclude=KEYS, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        return error
    collisions.add(row)
    return None


def _late_error(
    row: Resource, collisions: Collisions, categories: set[int]
) -> ValidationError | None:
    try:
        _require_category(row, categories)
        collisions.require_none(row, row.magnet)
    except ValidationError as error:
        return error
    collisions.add(row)
    return None


def _require_category(row: Resource, categories: set[int]) -> None:
    if row.category_id not in categories:
        raise ValidationError({"category": _("There is no such category.")})


def _collisions(rows: Iterable[Resource]) -> Collisions:
    """What is there already of their torrents."""
    links = [row.read_magnet() for row in rows]
    hashes = [h for magnet in links if magnet for h in (magnet.v1, magnet.v2) if h]
    return Collisions(Resource.objects.all(), hashes)


def _categories(rows: Iterable[Resource]) -> set[int]:
    """Those of their categories that exist."""
    wanted = {row.category_id for row in rows}
    return set(Category.objects.filter(pk__in=wanted).values_list("pk", flat=True))
