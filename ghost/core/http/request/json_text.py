"""JSON that a request brings: UTF-8, no lone surrogates, no NaN, bounded in depth (RFC 8259), and each name once.

Programs differ in which of two they take: a proxy or a log would have read another request than we did.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _
from pydantic_core import from_json

from ghost.core.http.schema.schema_sentences import place_in_json


class NotJsonError(Exception):
    """The text is none; its words say where or why."""


def parse(text: bytes) -> Any:  # noqa: ANN401  # any JSON
    """What stands in the text; NotJsonError if it can't be read."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise NotJsonError(place_in_json(error)) from error
    json.loads(
        text, object_pairs_hook=_require_once
    )  # for this look alone: depth and size are bounded
    return value


def _require_once(pairs: list[tuple[str, Any]]) -> None:
    names = set[str]()
    for name, _value in pairs:
        if name in names:
            raise NotJsonError(_("an object has the name “%s” twice") % name[:100])
        names.add(name)
