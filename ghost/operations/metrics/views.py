"""GET /metrics."""

from __future__ import annotations

import hmac
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

HEADER = "X-Ghost-Metrics-Key"
BEARER = "bearer "


@csrf_exempt  # nothing is written: a POST is a method that it does not have
def metrics(request: HttpRequest) -> HttpResponse:
    """What there is to measure, in Prometheus' text format; 404 unless GHOST_METRICS_ENABLED, whatever is
    asked, and 401 for who does not bring GHOST_METRICS_KEY where one is set."""
    if not settings.GHOST.metrics_enabled:
        raise Http404
    return _figures(request)


@require_safe
def _figures(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        return HttpResponse(
            "The key of this page is missing or wrong.\n", status=401, content_type="text/plain",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )  # fmt: skip
    # Loaded where it is used: 30 ms and some memory that most installations can do without.
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415  # as above

    from ghost.operations.metrics.collector import Collector  # noqa: PLC0415  # as above

    return HttpResponse(generate_latest(Collector()), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Whether it brings the key, if there is one. How long the comparison takes tells nothing of it."""
    key = settings.GHOST.metrics_key
    if key is None:
        return True
    bearer = request.headers.get("Authorization", "")
    given = [request.headers.get(HEADER, "")]
    if bearer.lower().startswith(BEARER):
        given.append(bearer[len(BEARER) :].strip())
    wanted = sha256(key.get_secret_value().encode()).digest()
    return any([hmac.compare_digest(_digest(each), wanted) for each in given])  # noqa: C419  # all of them, always


def _digest(header: str) -> bytes:
    """Of the bytes that were sent: WSGI hands each over as the Latin-1 character of its number (PEP 3333)."""
    return sha256(header.encode("latin-1", "backslashreplace")).digest()
