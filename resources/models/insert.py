"""Many new resources at once: the same gate as for one, with its questions asked for all together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from resources.models import events
from resources.models.block import Block
from resources.models.category import Category

if TYPE_CHECKING:
    from resources.models.resource import Resource
    from resources.torrents.magnets import Magnet

AT_ONCE = 400
"""Hashes that one query names: databases bound the variables of a query."""
_LINKS = ["category", "publisher", "team", "supersedes"]


class Neighbours:
    """What the catalog holds that some torrents could collide with."""

    def __init__(self, model: type[Resource], hashes: Iterable[str | None]) -> None:
        wanted = sorted({h for h in hashes if h})
        self._twins: dict[str, Resource] = {}
        self._blocked: set[str] = set()
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            blocks = Block.objects.covering(*some)
            self._blocked.update(blocks.values_list("info_hash", flat=True))
            for twin in model.objects.twins_of(*some).only(*_HASHES, "publisher", "team"):
                self.add(twin)

    def add(self, row: Resource) -> None:
        """From now on this one is there too."""
        for each in row.hashes:
            self._twins.setdefault(each, row)

    def require_room(self, row: Resource, magnet: Magnet) -> None:
        """ValidationError (`blocked`, `duplicate`) if that torrent can't be listed by this row."""
        named = [h for h in (magnet.v1, magnet.v2) if h]
        if self._blocked.intersection(named):
            raise _refusal(_("This torrent is blocked."), "blocked")
        for twin in (self._twins.get(h) for h in named):
            if twin is not None and twin is not row and (row.pk is None or twin.pk != row.pk):
                raise _refusal(_("This torrent is listed already."), "duplicate", twin)


_HASHES = ("magnet_hash", "magnet_hash_v2", "other_hash")


def _refusal(told: str, code: str, twin: Resource | None = None) -> ValidationError:
    return ValidationError({"magnet_uri": ValidationError(told, code=code, params={"twin": twin})})


def insert(rows: Sequence[Resource]) -> list[ValidationError | None]:
    """Store new rows, as `Resource.store` would each; why not, for each that is refused.

    IntegrityError, and nothing is stored, if somebody else brought one of the torrents in this
    very moment. None of them is public before its probe, so the catalog has nothing to tell.
    """
    errors = _checked(rows)
    good = [row for row, error in zip(rows, errors, strict=True) if error is None]
    if good:
        with Catalog.turn():
            _write(type(good[0]), good)
    return errors


def _checked(rows: Sequence[Resource]) -> list[ValidationError | None]:
    magnets = [row.read_magnet() for row in rows]
    neighbours = (
        Neighbours(type(rows[0]), [h for m in magnets if m for h in (m.v1, m.v2)]) if rows else None
    )
    wanted = {row.category_id for row in rows}
    categories = set(Category.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    return [_error_of(row, neighbours, categories) for row in rows]


def _error_of(
    row: Resource, neighbours: Neighbours | None, categories: set[int]
) -> ValidationError | None:
    row.neighbours = neighbours
    try:
        if row.category_id not in categories:
            field = row._meta.get_field("category")
            raise ValidationError({"category": field.error_messages["invalid"]})
        row.full_clean(exclude=_LINKS, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        return error
    if neighbours:
        neighbours.add(row)
    return None


def _write(model: type[Resource], rows: list[Resource]) -> None:
    for row in rows:
        row.ask_cover()
    model.objects.bulk_create(rows)
    model.announce_covers(rows)
    model.index_tags(rows)
    trail.record_all("resource.create", ((row, None, row.audited()) for row in rows))
    events.changed("create", rows)
