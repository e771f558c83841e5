"""Requests that a browser sends for a page of somebody else's (W3C Fetch Metadata).

None of our forms stands on another site, nor on another name of ours such as GHOST_SITE_HOST: what comes
from there to change something is refused before anything looks at its cookies. The token against forgery
(CSRF) stands behind it, for browsers that don't say where a request comes from.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

FOREIGN = ("cross-site", "same-site")


def is_foreign(request: HttpRequest) -> bool:
    """Whether the browser says that a page of another site or name asks."""
    return request.headers.get("Sec-Fetch-Site", "") in FOREIGN


class FetchMetadataMiddleware:
    """Lets no other site's page change anything. The API, which no cookie opens, is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer; PermissionDenied (403)."""
        is_page = not request.path_info.startswith("/api/")
        if is_foreign(request) and is_page and request.method not in ("GET", "HEAD", "OPTIONS"):
            raise PermissionDenied("A page of another site can change nothing here.")
        return self.get_response(request)
