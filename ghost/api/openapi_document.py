"""`GET /api/openapi.json`: the schema, made once in each process, when it is first asked for.

To make it takes most of a second, and it is the same until another version of Ghost runs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from threading import Lock

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from ghost.api.root import api
from ghost.core.http.transport import cache_control

PREFIX = "api/"
"""Of its paths, whatever a proxy says of how it reaches us."""


@dataclass(frozen=True)
class _Document:
    body: bytes
    tag: str


_made: list[_Document] = []
_lock = Lock()


@require_safe
def document(request: HttpRequest) -> HttpResponseBase:
    """The document, or `304` for who has it."""
    known = _document()
    response = HttpResponse(known.body, "application/json; charset=utf-8")
    response["ETag"], response["Cache-Control"] = known.tag, cache_control.PUBLIC
    return get_conditional_response(request, etag=known.tag, response=response) or response


def _document() -> _Document:
    """Whoever comes while it is made waits for it."""
    with _lock:
        if not _made:
            _made.append(_make())
    return _made[0]


def _make() -> _Document:
    with translation.override("en"):
        body = json.dumps(api.get_openapi_schema(path_prefix=PREFIX)).encode()
    return _Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
