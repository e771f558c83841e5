"""One resource shown, taken away and reviewed: `ResourceQuerySet`'s verbs with who asks, and why not.

A publisher whose work is reviewed (`Token.is_reviewed`) asks for another review with each change
of what readers see: `mark_for_review` before a row is stored, `ask_review_of` for what is written
at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ghost.core.catalog.models import Catalog
from ghost.core.errors import ConflictError
from ghost.core.heartbeats import workers
from resources.models import Resource
from resources.models.queryset import ResourceQuerySet
from resources.publishing import etags
from teams.models import Token

REVIEWED = (
    "title", "magnet_uri", "content_markdown", "tags", "cover_image_url", "category_id", "team_id",
    "licence", "source_url", "checksums", "supersedes_id", "published_at",
)  # fmt: skip
"""A change of one of these asks for another review."""


def reviewed_values(row: Resource) -> dict[str, Any]:
    """What it has now in the fields of which a change is reviewed."""
    return {name: getattr(row, name) for name in REVIEWED}


def mark_for_review(row: Resource, before: Mapping[str, Any]) -> None:
    """Have it await review once it is stored, if it is new or another one than `before`."""
    if row.pk is None or reviewed_values(row) != before:
        row.awaits_review, row.review_note = True, ""


def ask_review_of(row: Resource, *, by: Token) -> None:
    """Keep it from the public until somebody approves it, if `by` is reviewed."""
    if by.is_reviewed:
        row.alone().ask_review()
        row.refresh_from_db()


def publish(row: Resource, *, by: Token) -> None:
    """Have a draft, or what was to come later, public from now on; reviewed first, if `by` is.

    ConflictError if it is taken down.
    """
    with Catalog.turn():
        if row.alone().to_come().exists():
            ask_review_of(row, by=by)
        row.alone().publish()
        _require_standing(row)
    if row.is_public:
        workers.note(row.notes, workers.SITE_WAITS)


def withdraw(row: Resource) -> None:
    """Make it a draft again; ConflictError if it is taken down."""
    row.alone().withdraw()
    _require_standing(row)


def approve(
    rows: ResourceQuerySet[Resource], is_present: Callable[[Resource], bool] = etags.any_version
) -> list[int]:
    """Let what awaits review of these be public; the keys.

    StaleError if one of them is not `is_present` any more: nobody approves what he has not read.
    """
    with Catalog.turn():
        waiting = rows.awaiting_review()
        etags.require_present(waiting, is_present)
        keys = list(waiting.values_list("pk", flat=True))
        waiting.approve()
    return keys


def approve_one(row: Resource, is_present: Callable[[Resource], bool] = etags.any_version) -> None:
    """`approve` for one; ConflictError if it is taken down, or doesn't await review."""
    with Catalog.turn():
        row.refresh_from_db()
        etags.require_present([row], is_present)
        _require_standing(row)
        if not approve(row.alone()):
            raise ConflictError(_("It does not await review."))
        row.refresh_from_db()


def send_back(rows: ResourceQuerySet[Resource], *, reason: str) -> list[int]:
    """Make what awaits review of these drafts again, with the reason; the keys."""
    with Catalog.turn():
        waiting = rows.awaiting_review()
        keys = list(waiting.values_list("pk", flat=True))
        waiting.send_back(reason=reason)
    return keys


def send_back_one(row: Resource, *, reason: str) -> None:
    """`send_back` for one; ConflictError if it doesn't await review."""
    if not send_back(row.alone(), reason=reason):
        raise ConflictError(_("It does not await review."))
    row.refresh_from_db()


def _require_standing(row: Resource) -> None:
    row.refresh_from_db()
    if row.takedown_at:
        raise ConflictError(_("It is taken down; restore it first."))
