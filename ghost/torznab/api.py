"""Torznab."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Router

from ghost.torznab import caps, errors, feed, query, results, xml
from ghost.torznab.categories import Numbers
from teams.auth import ApiKey, Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["torznab"])

_XML = "application/xml"
_ERRORS = (400, 401, 403, 503)


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": "query", "name": name, "description": description, "schema": schema}


def _text(description: str, name: str) -> dict[str, Any]:
    bounds: dict[str, Any] = {"type": "string", "maxLength": query.MAX_CHARS}
    if name in query.PATTERNS:
        bounds["pattern"] = query.PATTERNS[name]
    return _parameter(name, description, bounds)


_SCHEMA = {
    "parameters": [
        _parameter(
            "t",
            "The function.",
            {"type": "string", "enum": [query.CAPS, *query.TEXTS]},
        ) | {"required": True},
        _text("Words, each of which has to be in the title; or an info-hash.", "q"),
        _text("Numbers of categories, separated by commas.", "cat"),
        _text("Tags that have to be there, or with a - before them must not.", "tag"),
        _text("Maximum number of results.", "limit"),
        _text("Number of results to skip.", "offset"),
        _text("1: with all extended attributes.", "extended"),
        _text("Names of the extended attributes that are wanted; left out: all.", "attrs"),
        _text("tvsearch: the season.", "season"),
        _text("tvsearch: the episode, or month and day.", "ep"),
        _text("movie, music, book: the year.", "year"),
        _text("music: the artist.", "artist"),
        _text("music: the album.", "album"),
        _text("music: the track.", "track"),
        _text("book: the author.", "author"),
        _text("book: the title.", "title"),
    ],
    "responses": {
        200: {"content": {_XML: {"schema": {"type": "string"}}, "application/rss+xml": {"schema": {"type": "string"}}}},
        **{status: {"content": {_XML: {"schema": {"type": "string"}}}} for status in _ERRORS},
    },
}  # fmt: skip


_OPERATION: dict[str, Any] = {
    "auth": [ApiKey(Action.TORZNAB_SEARCH), Bearer(Action.TORZNAB_SEARCH)],
    "response": {200: None, **dict.fromkeys(_ERRORS)},
    "summary": "Search live resources with Torznab",
    "openapi_extra": _SCHEMA,
}


# Many clients put /api behind whatever address they are given.
@router.get("/api", operation_id="torznab_api_search", include_in_schema=False, **_OPERATION)
@router.get("", operation_id="torznab_search", **_OPERATION)
def torznab(request: TokenRequest) -> HttpResponse:
    try:
        wanted = query.read(request.GET)
    except errors.TorznabError as fault:
        return errors.answer(400, fault.code, str(fault))
    numbers = Numbers.read()
    if wanted.function == query.CAPS:
        return _private(caps.document(numbers), xml.TYPE)
    rows = results.rows(wanted, request.auth, numbers)
    body = feed.document(rows, wanted, numbers, results.seeds(rows))
    return _private(body, xml.RSS_TYPE)


def _private(body: bytes, media_type: str) -> HttpResponse:
    """Its address has a token in it: nobody on the way is to keep anything."""
    return HttpResponse(body, media_type, headers={"Cache-Control": "private, no-store"})
