"""Who may keep an answer, and for how long (RFC 9111).

Without a word of its view it is its asker's alone, and asked for again each time: `private, no-cache`
with an entity tag, so that asking again costs little. A view whose answers show a secret says so by
`secret`; one whose answers are the same for everybody sets `public` in `Cache-Control` itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

PRIVATE = "private, no-cache"
SECRET = "no-store"  # noqa: S105  # a word of HTTP
PUBLIC = "public, no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
"""Of what never changes, since its address has its digest."""
VARY = ("Authorization", "Cookie", "Accept-Language")
"""What a private answer depends on, besides its address."""
_OF_A_BODY = ("Content-Type", "Content-Length", "Content-Disposition")


def secret(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view, whose answers nobody keeps: a raw token, a recovery code, a backup."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # any view's
        response = view(*args, **kwargs)
        response["Cache-Control"] = SECRET
        return response

    return answer


class CacheControlMiddleware:
    """Says of each answer who may keep it; `304` to whoever has it already (RFC 9110 §13.1.2)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer, or that it has not changed."""
        response = self.get_response(request)
        told = {part.strip() for part in response.headers.get("Cache-Control", "").split(",")}
        if "public" in told:
            return response
        patch_vary_headers(response, VARY)
        response["Cache-Control"] = SECRET if "no-store" in told else PRIVATE
        if "no-store" not in told and isinstance(response, HttpResponse):
            _name_version(request, response)
        return response


def _name_version(request: HttpRequest, response: HttpResponse) -> None:
    """Give it an entity tag, if it is a whole answer to a question, and take its body away if the
    asker has that."""
    if request.method not in ("GET", "HEAD") or response.status_code != HTTPStatus.OK:
        return
    if "ETag" not in response:
        response["ETag"] = _tag_of(response.content)
    if _is_known(request.headers.get("If-None-Match", ""), response["ETag"]):
        response.status_code, response.content = HTTPStatus.NOT_MODIFIED, b""
        for name in _OF_A_BODY:
            del response[name]


def _tag_of(body: bytes) -> str:
    """A strong one: it is another as soon as one byte is (RFC 9110 §8.8.1)."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def _is_known(if_none_match: str, tag: str) -> bool:
    """By the weak comparison: a proxy that compresses makes our tags weak ones (§8.8.3.2)."""
    known = {each.removeprefix("W/") for each in parse_etags(if_none_match)}
    return "*" in known or tag.removeprefix("W/") in known
