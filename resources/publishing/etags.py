"""Versions of a resource: entity tags (RFC 9110 §8.8.3), and what `If-Match` asks for.

A tag has two halves: of what people write, and of all the rest that an answer shows, such as
health, and its language. The whole of it tells two answers apart; for `If-Match` the first half decides, so that a
health scan between reading and writing keeps nobody from his edit, while an edit does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ghost.core.errors import RefusedError, StaleError
from resources.models import Resource

_TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_DIGITS = 16


def etag(row: Resource) -> str:
    """The row's strong entity tag with its quotes, as `ETag` and `If-Match` have it."""
    columns = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    seen = [row.state, row.publisher_token_hash, row.superseded_by, row.on_site_at]
    return f'"{_edits(row)}-{_digest([columns, *seen, get_language()])}"'


def condition(if_match: str) -> Callable[[Resource], bool]:
    """Whether a row is one of the versions that an `If-Match` names; any if it names none.

    RefusedError if the header can't be read. Weak tags match nothing (RFC 9110 §13.1.1).
    """
    if not if_match or if_match.strip() == "*":
        return any_version
    wanted = _tags(if_match)
    return lambda row: _edits(row) in wanted


def any_version(row: Resource) -> bool:
    """The condition that asks for nothing."""
    return True


def require_present(rows: Iterable[Resource], is_present: Callable[[Resource], bool]) -> None:
    """StaleError if one of them is not the version any more that somebody has read."""
    if not all(map(is_present, rows)):
        raise StaleError(_("Somebody has changed it since: read it again, then repeat."))


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether the asker has this very answer already (RFC 9110 §13.1.2)."""
    return if_none_match.strip() == "*" or tag in re.findall(r'"[^"]*"', if_none_match)


def _tags(header: str) -> set[str]:
    """The first halves of its strong tags."""
    found, at = set[str](), 0
    while at < len(header):
        match = _TAG.match(header, at)
        if match is None:
            raise RefusedError(
                _("If-Match takes entity tags in quotes, as the ETag header shows them.")
            )
        if not match[0].lstrip().startswith("W/"):
            found.add(match[1].partition("-")[0])
        at = match.end()
    return found


def _edits(row: Resource) -> str:
    return _digest([row.audited(), row.takedown_at])


def _digest(value: Any) -> str:  # noqa: ANN401  # plain values of columns
    plain = json.dumps(value, default=str, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:_DIGITS]
