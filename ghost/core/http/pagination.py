"""Lists in pages: newest first, found again by key, so that page 1,000 costs what page 1 does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import models
from django.http import HttpRequest, HttpResponse

from ghost.core.batches import batched
from ghost.core.http.schemas import Page

AT_ONCE = 100
MOST_BYTES = 4_000_000
"""Of what `weigh` weighs, one page holds little more."""

Row = TypeVar("Row", bound=models.Model)
Weigh = Callable[[Row], int]


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
) -> list[Row]:
    """`cut` for rows with long texts: the keys are found first, and read `whole` afterwards.

    The page ends early where the bytes that `weigh` tells of its rows come to MOST_BYTES.
    """
    keys = list(_from(rows, page).values_list("pk", flat=True)[: page.limit + 1])
    found, last = _read(whole, keys[: page.limit], weigh)
    if keys and last != keys[-1]:
        _link(last, request, response)
    return found


def count(rows: models.QuerySet[Row], response: HttpResponse) -> None:
    """Tell in `X-Total-Count` how many there are on all pages."""
    response["X-Total-Count"] = str(rows.count())


def _from(rows: models.QuerySet[Row], page: Page) -> models.QuerySet[Row]:
    return (rows.filter(pk__lt=page.cursor) if page.cursor else rows).order_by("-pk")


def _read(whole: models.QuerySet[Row], keys: list[int], weigh: Weigh[Row]) -> tuple[list[Row], int]:
    """The rows with these keys, and the last key that was looked at."""
    found, left = list[Row](), MOST_BYTES
    for part in batched(keys, AT_ONCE):
        for row in whole.filter(pk__in=part).order_by("-pk"):
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
