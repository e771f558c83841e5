"""Lists in pages, newest first or in another order, found again by key: page 1,000 costs what page 1 does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ghost.core.batches import batched
from ghost.core.errors import RefusedError
from ghost.core.http.schema.schemas import Page

AT_ONCE = 100
MOST_BYTES = 4_000_000
"""Of what `weigh` weighs, one page holds little more."""

Row = TypeVar("Row", bound=models.Model)
Weigh = Callable[[Row], int]


@dataclass(frozen=True)
class Order:
    """By a column; rows without a value come last, equal ones newest first."""

    column: str
    is_descending: bool
    alias: str = ""
    """By which lists know the column, if not by its name."""

    @property
    def _known_as(self) -> str:
        return self.alias or self.column

    def apply(self, rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
        """The rows in this order."""
        column = models.F(self._known_as)
        first = column.desc(nulls_last=True) if self.is_descending else column.asc(nulls_last=True)
        return rows.order_by(first, "-pk")

    def after(self, rows: models.QuerySet[Row], key: int) -> models.QuerySet[Row]:
        """Those that come after the row of this key, as things stand; RefusedError if it is gone."""
        values = rows.model._default_manager.filter(pk=key)
        found = values.values_list(self.column, flat=True)[:1]
        if not found:
            raise RefusedError(_("That row is gone: start from the first page."), field="cursor")
        is_last = models.Q(**{f"{self._known_as}__isnull": True})
        if found[0] is None:
            return rows.filter(is_last, pk__lt=key)
        beyond = "lt" if self.is_descending else "gt"
        is_beyond = models.Q(**{f"{self._known_as}__{beyond}": found[0]})
        return rows.filter(is_beyond | models.Q(**{self._known_as: found[0]}, pk__lt=key) | is_last)


def cut(
    rows: models.QuerySet[Row], page: Page, request: HttpRequest, response: HttpResponse
) -> list[Row]:
    """The rows of this page; `response` gets a `Link` (RFC 8288) to the next one, if any."""
    found = list(_from(rows, page)[: page.limit + 1])
    if len(found) > page.limit:
        _link(found[page.limit - 1].pk, request, response)
    return found[: page.limit]


def cut_wide(
    rows: models.QuerySet[Row],
    whole: models.QuerySet[Row],
    weigh: Weigh[Row],
    page: Page,
    request: HttpRequest,
    response: HttpResponse,
    order: Order | None = None,
) -> list[Row]:
    """`cut` for rows with long texts: the keys are found first, and read `whole` afterwards.

    The page ends early where the bytes that `weigh` tells of its rows come to MOST_BYTES.
    """
    keys = list(_from(rows, page, order).values_list("pk", flat=True)[: page.limit + 1])
    found, last = _read(whole, keys[: page.limit], weigh)
    if keys and last != keys[-1]:
        _link(last, request, response)
    return found


def count(rows: models.QuerySet[Row], response: HttpResponse) -> None:
    """Tell in `X-Total-Count` how many there are on all pages."""
    response["X-Total-Count"] = str(rows.count())


def _from(
    rows: models.QuerySet[Row], page: Page, order: Order | None = None
) -> models.QuerySet[Row]:
    if order:
        return order.apply(order.after(rows, page.cursor) if page.cursor else rows)
    return (rows.filter(pk__lt=page.cursor) if page.cursor else rows).order_by("-pk")


def _read(whole: models.QuerySet[Row], keys: list[int], weigh: Weigh[Row]) -> tuple[list[Row], int]:
    """The rows with these keys, and the last key that was looked at."""
    found, left = list[Row](), MOST_BYTES
    for part in batched(keys, AT_ONCE):
        read = {row.pk: row for row in whole.filter(pk__in=part)}
        for row in (read[key] for key in part if key in read):
            found.append(row)
            left -= weigh(row)
            if left <= 0:
                return found, row.pk
    return found, keys[-1] if keys else 0


def _link(last: int, request: HttpRequest, response: HttpResponse) -> None:
    query = request.GET.copy()
    query["cursor"] = str(last)
    address = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    response["Link"] = f'<{address}>; rel="next"'
