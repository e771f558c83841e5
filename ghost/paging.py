"""Lists in pages: newest first, found again by key, so that page 1,000 costs what page 1 does."""

from __future__ import annotations

from typing import TypeVar

from django.db import models
from django.http import HttpRequest, HttpResponse

from ghost.schemas import Page

Row = TypeVar("Row", bound=models.Model)


def cut(
    rows: models.QuerySet[Row], page: Page, request: HttpRequest, response: HttpResponse
) -> list[Row]:
    """The rows of this page; `response` gets a `Link` (RFC 8288) to the next one, if any."""
    if page.cursor:
        rows = rows.filter(pk__lt=page.cursor)
    found = list(rows.order_by("-pk")[: page.limit + 1])
    if len(found) > page.limit:
        query = request.GET.copy()
        query["cursor"] = str(found[page.limit - 1].pk)
        address = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        response["Link"] = f'<{address}>; rel="next"'
    return found[: page.limit]
