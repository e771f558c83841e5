"""Every address that the program answers, as its URL configuration has it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

_ANY = {"app_label": "teams", "path": "nothing-here", "url": "nothing-here", "content_type_id": "1"}
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


def addresses() -> list[str]:
    """Each once; a row's is that of the first row of its table, or of row 1."""
    return list(dict.fromkeys(_filled(at) for at in _patterns(get_resolver().url_patterns)))


def of_admin() -> list[str]:
    return [each for each in addresses() if each.startswith("/admin/")]


def of_api() -> list[str]:
    return [each for each in addresses() if each.startswith("/api/")]


def _patterns(found: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for each in found:
        at = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, at)
        else:
            yield at


def _filled(pattern: str) -> str:
    key = _key_in(pattern)
    plain = _GROUP.sub(lambda found: _ANY.get(found[1], key), pattern.replace("^", ""))
    plain = _CONVERTER.sub(lambda found: _ANY.get(found[1], key), plain)
    return "/" + plain.rstrip("$")


def _key_in(pattern: str) -> str:
    """The key of the first row of the table whose pages these are."""
    parts = pattern.split("/")
    if parts[0] != "admin" or len(parts) < 4:
        return "1"
    try:
        model = apps.get_model(parts[1], parts[2])
    except LookupError:
        return "1"
    row = model._default_manager.first()
    return str(row.pk) if row else "1"
