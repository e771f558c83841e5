"""What comes without TLS where GHOST_BEHIND_TLS says that all has it.

A browser's page is asked for again over https. What may carry a credential or changes something is
refused, not redirected: a redirect comes after the token was sent, and would hide for years that it
is sent in the clear each time.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from ghost.core.http import problems

PROBES = frozenset({"/health", "/api/health", "/ready"})
"""Asked by load balancers, which bring no credentials and come around the proxy."""
CREDENTIALS = ("Authorization", "X-Ghost-Metrics-Key")
"""Headers."""
KEY = "apikey"
"""Of an address, in any case."""


class TlsMiddleware:
    """Lets nothing through that came without TLS, but for probes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; a redirect to https; or 403, which says what to do."""
        if not settings.GHOST.behind_tls or request.is_secure():
            return self.get_response(request)
        address = f"https://{request.get_host()}{request.get_full_path()}"
        has_credentials = _has_credentials(request)
        if request.path_info in PROBES and not has_credentials:
            return self.get_response(request)
        if has_credentials or _is_for_programs(request):
            return _refused(request, has_credentials=has_credentials)
        return HttpResponsePermanentRedirect(iri_to_uri(address))


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") or request.method not in ("GET", "HEAD")


def _has_credentials(request: HttpRequest) -> bool:
    has_key = any(name.lower() == KEY for name in request.GET)
    return has_key or any(name in request.headers for name in CREDENTIALS)


def _refused(request: HttpRequest, *, has_credentials: bool) -> HttpResponse:
    """403: 426 would ask for an upgrade of this very connection (RFC 9110 §15.5.22)."""
    told = _("Use https://%s: nothing is answered over plain HTTP here.") % request.get_host()
    if has_credentials:
        warning = _("What was sent could be read on the way: have the token rotated.")
        told = f"{told} {warning}"
    return problems.answer(403, told, code="tls-required")
