"""Public names: no two publishers, and no two teams, have names that are one once they are folded.

Nor has a team the name of a publisher that it has nothing to do with. Revoked tokens count, since
what they published still shows their name. The columns `name_key` are unique; what is asked here
says so before the database does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.text.folding import MARK, name_key
from teams import reasons

M = TypeVar("M", bound=models.Model)
MAX_CHARS = 100
SHARED_CHARS = 40
"""So much of its key a name keeps, at least, when it is cut to make room for a number."""


def require_free(row: models.Model, field: str, others: models.QuerySet[Any]) -> None:
    """ValidationError (code `duplicate`) if what this field says is the name of another row, or of one of
    `others`, or like it."""
    if is_taken(type(row)._default_manager.exclude(pk=row.pk), getattr(row, field), others):
        message = _(
            "Somebody has this name, or one that differs only in case, accents or punctuation: choose another one."
        )
        raise ValidationError({field: ValidationError(message, code="duplicate")})


def is_taken(rows: models.QuerySet[Any], name: str, others: models.QuerySet[Any]) -> bool:
    """Whether one of the rows, or of the others, has this name or one like it."""
    key = name_key(name)
    return any(each.filter(name_key=key).exists() for each in (rows, others))


def first_of(rows: models.QuerySet[M], field: str, name: str) -> M | None:
    """The row of this very name, or else the one that got it with a number since it was taken (`free`)."""
    found = rows.filter(**{field: name}).first()
    if found is not None or free(name) == name:
        return found
    numbered = re.compile(re.escape(name) + r" \([0-9]+\)")
    alike = rows.filter(**{f"{field}__startswith": f"{name} ("})
    return next((row for row in alike if numbered.fullmatch(getattr(row, field))), None)


def free(name: str) -> str:
    """This name, or where it is taken the first that is not: `Ada (2)`."""
    begin = name_key(name)[:SHARED_CHARS]
    taken = {
        key
        for model in ("Token", "Team")
        for key in _all(model)
        .filter(name_key__startswith=MARK + begin)
        .values_list("name_key", flat=True)
    }
    found, number = name, 1
    while (key := name_key(found)) in taken or _is_there(key):
        number += 1
        end = f" ({number})"
        found = name[: MAX_CHARS - len(end)].rstrip() + end
    return found


def renew() -> list[str]:
    """Make the keys anew that an earlier version of the fold made; what had to be renamed, in words, since by the
    new fold somebody else has its name: of two alike the older one keeps it."""
    alike = [row for row in _outdated() if not _keep(row)]
    return [_rename(row) for row in alike]


def _outdated() -> Iterator[Any]:
    for model in ("Token", "Team"):
        field = apps.get_model("teams", model)._meta.get_field("name_key")
        yield from field.outdated(_all(model)).order_by("pk")


def _keep(row: Any) -> bool:  # noqa: ANN401  # a token or a team
    """Store the key of its name, unless that is another one's."""
    with Catalog.turn():
        key = name_key(getattr(row, _field_of(row)))
        same = type(row)._default_manager
        is_free = not is_taken(same.exclude(pk=row.pk), getattr(row, _field_of(row)), row.beside())
        return is_free and bool(same.filter(pk=row.pk).update(name_key=key))


def _rename(row: Any) -> str:  # noqa: ANN401  # a token or a team
    """With the first number that is free."""
    with Catalog.turn():
        row.refresh_from_db()
        before, old = getattr(row, _field_of(row)), row.audited()
        setattr(row, _field_of(row), free(before))
        row.save(update_fields=[_field_of(row), "name_key"])
        trail.record(f"{row._meta.model_name}.update", row, old, row.audited())
        if row.resources.public().exists():
            Catalog.advance(reasons.RENAMED(name=str(row)))
    return f"“{before}” → “{getattr(row, _field_of(row))}”"


def _field_of(row: Any) -> str:  # noqa: ANN401  # a token or a team
    return str(row._meta.get_field("name_key").of)


def _is_there(key: str) -> bool:
    """Also where the number changed how the name begins: of `!!! (2)` only the 2 counts."""
    return any(_all(model).filter(name_key=key).exists() for model in ("Token", "Team"))


def teams_beside(token: int | None, team: int | None) -> models.QuerySet[Any]:
    """Teams that this token neither owns nor works in, as in `team`: it must not have their names."""
    is_own = models.Q(pk=team)
    if token:
        is_own |= models.Q(owner=token)
    return _all("Team").exclude(is_own)


def tokens_beside(team: int | None, owner: int) -> models.QuerySet[Any]:
    """Tokens that neither own this team nor work in it: it must not have their names."""
    is_own = models.Q(pk=owner)
    if team:
        is_own |= models.Q(scope_team=team)
    return _all("Token").exclude(is_own)


def _all(model: str) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = apps.get_model("teams", model)._default_manager.all()
    return rows
