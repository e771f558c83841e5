"""Whether a request came over TLS, as far as that is known from whoever may be believed.

`X-Forwarded-Proto` counts if one of GHOST_TRUSTED_PROXIES sends it; from anybody else it is not
read, and the connection itself says how it came. `X-Forwarded-Host` and `X-Forwarded-Port` are never
read: a proxy passes `Host` on as it got it (docs/deployment.md).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from ghost.core.http.request.client_address import is_from_proxy

HEADER = "X-Forwarded-Proto"


class ForwardedMiddleware:
    """Puts the scheme right that the client used, before anything asks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to what was really asked."""
        told = request.headers.get(HEADER, "")
        if told and is_from_proxy(request):
            request.META["wsgi.url_scheme"] = "https" if _is_all_tls(told) else "http"
        return self.get_response(request)


def _is_all_tls(told: str) -> bool:
    """Where proxies append, all must say so: the leftmost word may be the client's own."""
    return all(hop.strip().lower() == "https" for hop in told.split(","))
