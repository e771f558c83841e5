"""Many resources in one request, each with an outcome of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import errors
from ninja.errors import HttpError

from ghost.core.batches import batched
from ghost.core.db.outages import OUTAGES
from ghost.core.db.pacing import PacedWriter
from ghost.core.errors import OutageError, RevokedError
from ghost.core.http.request import json_text
from ghost.core.http.request.json_text import NotJsonError
from ghost.core.http.schema.schemas import validated
from resources.models import Resource
from resources.publishing import publish
from resources.schemas import ResourceIn
from teams.models import Token

MAX_ITEMS = 1000
MAX_BYTES = 8_000_000
LINES, ARRAY = "application/x-ndjson", "application/json"
CHUNK = 25
"""Resources that one transaction writes, some 30 ms: other writers get in between."""
ITEMS_A_REQUEST = 10
TRACKERS_A_REQUEST = 100
_TRACKER = re.compile(r"[?&]tr(?:\.[0-9]+)?=", re.IGNORECASE)

Values = dict[str, Any]
Chunk = list[tuple[int, Values | Exception]]

# Whatever an item is, the answer says what came of it.
_ITEM = {"anyOf": [{"$ref": "#/components/schemas/ResourceIn"}, {}]}
_LINE = {
    "type": "string",
    "description": "One resource on each line, as a JSON object.",
}
SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            ARRAY: {
                "schema": {"type": "array", "items": _ITEM, "maxItems": MAX_ITEMS},
                "example": [ResourceIn.example],
            },
            LINES: {"schema": _LINE, "example": json.dumps(ResourceIn.example) + "\n"},
        },
    }
}
"""The request body in OpenAPI."""


@dataclass
class ItemOutcome:
    """What came of one item: a row, or the error that refused it."""

    index: int
    row: Resource | None = None
    error: Exception | None = None


def read(request: HttpRequest) -> Iterator[Values | Exception]:
    """The fields of each item of the body, or why it can't be one.

    HttpError 415 for another media type, 413 for too much, 400 if the array is none.
    """
    if request.content_type not in (LINES, ARRAY):
        raise HttpError(415, _("The body must be application/x-ndjson or application/json."))
    if len(request.body) > MAX_BYTES:
        raise HttpError(413, _("The body may have at most 8 MB."))
    items = _lines(request.body) if request.content_type == LINES else _array(request.body)
    if len(items) > MAX_ITEMS:
        raise HttpError(413, _("At most 1,000 resources in one request; send the rest after it."))
    return (_item(each) for each in items)


def _lines(body: bytes) -> list[Any]:
    lines = (line for line in BytesIO(body) if line.strip())
    return [_parsed(line) for line in islice(lines, MAX_ITEMS + 1)]  # one more tells that it's many


def _parsed(line: bytes) -> Any:  # noqa: ANN401  # any JSON
    try:
        return json_text.parse(line)
    except NotJsonError as error:
        return HttpError(400, _("This line is not JSON: %s.") % error)


def _array(body: bytes) -> list[Any]:
    try:
        parsed = json_text.parse(body)
    except NotJsonError as error:
        raise HttpError(400, _("The body is not JSON: %s.") % error) from error
    if not isinstance(parsed, list):
        raise HttpError(400, _("The body must be a JSON array, or one JSON object in each line."))
    return parsed


def _item(given: Any) -> Values | Exception:  # noqa: ANN401  # any JSON
    if isinstance(given, Exception):
        return given
    try:
        return validated(ResourceIn, given).model_dump(exclude_unset=True)
    except errors.ValidationError as error:
        return error


def cost(items: Iterable[Values | Exception]) -> int:
    """How many requests, beyond the one that it is, a bulk counts as against the rate limit: one
    for each ITEMS_A_REQUEST of its items, and one for each TRACKERS_A_REQUEST of their trackers."""
    given = [item for item in items if not isinstance(item, Exception)]
    trackers = sum(len(_TRACKER.findall(item["magnet_uri"])) for item in given)
    return len(given) // ITEMS_A_REQUEST + trackers // TRACKERS_A_REQUEST


def create(
    items: Iterable[Values | Exception], *, by: Token, is_dry: bool = False
) -> list[ItemOutcome]:
    """Create each that can be; dry, all are checked, nothing is written, and nobody waits.

    One that is refused leaves the others alone. If nothing can be probed here, or the token was
    revoked, that is raised; once something is stored it is the outcome of all that is left.
    """
    numbered = list(enumerate(items))
    if is_dry:  # all at once, so that later ones meet earlier ones
        return _checked(numbered, by)
    outcomes: list[ItemOutcome] = []
    writer = PacedWriter()
    for chunk in batched(numbered, CHUNK):
        try:
            outcomes += _stored(chunk, by, writer)
        except (RevokedError, OutageError, *OUTAGES) as error:
            if not outcomes:
                raise
            outcomes += [ItemOutcome(index, error=error) for index, _item in chunk]
    publish.enqueue([outcome.row for outcome in outcomes if outcome.row])
    return outcomes


def _checked(chunk: Chunk, by: Token) -> list[ItemOutcome]:
    good = [item for _index, item in chunk if not isinstance(item, Exception)]
    results = iter(publish.check_many(good, by=by))
    return [
        _outcome(index, item if isinstance(item, Exception) else next(results))
        for index, item in chunk
    ]


def _stored(chunk: Chunk, by: Token, writer: PacedWriter) -> list[ItemOutcome]:
    """All that takes long is done before the catalog is taken, and others get in after it."""
    outcomes = _checked(chunk, by)
    good = [o for o in outcomes if o.row]
    rows = [o.row for o in good if o.row]
    with writer.writing():
        errors = publish.store_many(rows, by=by)
    for outcome, error in zip(good, errors, strict=True):
        if error is not None:
            outcome.row, outcome.error = None, error
    return outcomes


def _outcome(index: int, result: Resource | Exception) -> ItemOutcome:
    if isinstance(result, Exception):
        return ItemOutcome(index, error=result)
    return ItemOutcome(index, row=result)
