"""`GET /api/torznab`: the endpoint."""

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
_ERRORS = (400, 401, 403, 429, 503)


def _parameter(name: str, description: str, schema: dict[str, Any], example: str) -> dict[str, Any]:
    return {
        "in": "query",
        "name": name,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _text(name: str, description: str, example: str) -> dict[str, Any]:
    bounds: dict[str, Any] = {"type": "string"}
    if name in query.PATTERNS:
        bounds["pattern"] = query.PATTERNS[name]
    return _parameter(name, description, bounds, example)


_FUNCTIONS = {"type": "string", "enum": [query.CAPS, *query.TEXTS]}
_WHAT = "What to do: `caps` names what can be asked; the others search."
_TEXT = {"schema": {"type": "string"}}
_SCHEMA = {
    "parameters": [
        _parameter("t", _WHAT, _FUNCTIONS, "search") | {"required": True},
        _text("q", "Words that all have to be in the title, or an info-hash. Left out: the newest.",
              "bunny 2008"),
        _text("cat", "Numbers of categories, separated by commas.", "2000,100001"),
        _text("tag", "Tags that a resource must have or, with a - before them, must not have.",
              "film,-anime"),
        _text("limit", "Maximum number of results.", "50"),
        _text("offset", "Number of results to skip.", "100"),
        _text("extended", "1: answer all extended attributes.", "1"),
        _text("attrs", "Names of the extended attributes to answer. Left out: all.", "seeders,size"),
        _text("season", "With `tvsearch`: the season.", "2"),
        _text("ep", "With `tvsearch`: the episode, or month and day.", "5"),
        _text("year", "With `movie`, `music` and `book`: the year.", "2008"),
        _text("artist", "With `music`: the artist.", "Kimiko Ishizaka"),
        _text("album", "With `music`: the album.", "Open Goldberg Variations"),
        _text("track", "With `music`: the track.", "Aria"),
        _text("author", "With `book`: the author.", "Mary Shelley"),
        _text("title", "With `book`: the title.", "Frankenstein"),
    ],
    "responses": {
        200: {"content": {_XML: _TEXT, "application/rss+xml": _TEXT}},
        **{status: {"content": {_XML: _TEXT}} for status in _ERRORS},
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
    """Search the live resources in the token's scope with Torznab 1.3, the protocol of Prowlarr and other
    indexer managers. The answer is RSS, or XML for `t=caps`; errors are Torznab's `<error>` documents.

    The token goes into `apikey` or into the `Authorization` header.
    """
    try:
        wanted = query.read(request.GET)
    except errors.TorznabError as fault:
        return errors.answer(400, fault.code, str(fault))
    numbers = Numbers.read()
    if wanted.function == query.CAPS:
        return HttpResponse(caps.document(numbers), xml.TYPE)
    rows = results.rows(wanted, request.auth, numbers)
    body = feed.document(rows, wanted, numbers)
    return HttpResponse(body, xml.RSS_TYPE)
