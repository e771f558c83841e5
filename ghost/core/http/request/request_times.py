"""How many requests there are, how they were answered, and how long that took.

By the part of Ghost that answers, never by the address itself: strangers choose addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponseBase

from ghost.core.http.request.request_id import request_id
from ghost.core.measurements import slowest
from ghost.core.measurements.counters import Counter, Histogram
from ghost.core.measurements.slowest import SlowKind

SITE, STATIC, OTHER = "site", "static", "other"
AREAS = {
    "api/torznab": "torznab",
    "api/health": "monitoring",
    "api/": "api",
    "admin/": "admin",
    "health": "monitoring",
    "ready": "monitoring",
    "metrics": "monitoring",
    "^(?P<path>": SITE,
}
"""Which part of Ghost answers, by how the pattern of the address begins."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER)
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_AREAS = tuple(dict.fromkeys((*AREAS.values(), STATIC, OTHER)))

REQUESTS = Counter(
    "ghost_http_requests",
    "Requests that were answered, by the part of Ghost that did, method, and class of the status code.",
    {"area": _AREAS, "method": METHODS, "code": CLASSES},
)
DURATION = Histogram(
    "ghost_http_request_duration_seconds",
    "Time from a whole request to its answer; of a stream to its beginning.",
    {"area": _AREAS},
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)


class RequestTimesMiddleware:
    """Counts and times each request. It stands outside of all that answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer it, and count that."""
        began = perf_counter()
        response = self.get_response(request)
        seconds = perf_counter() - began
        area, method = area_of(request), method_of(request)
        REQUESTS.add(area=area, method=method, code=f"{response.status_code // 100}xx")
        DURATION.observe(seconds, area=area)
        slowest.note(SlowKind.REQUEST, f"{method} {pattern_of(request)}", seconds, request_id())
        return response


def area_of(request: HttpRequest) -> str:
    """Which part of Ghost answers it. What was refused before anybody looked at its address has no pattern."""
    match = request.resolver_match
    if match is None:
        return STATIC if request.path_info.startswith("/static/") else OTHER
    return next((area for start, area in AREAS.items() if match.route.startswith(start)), OTHER)


def method_of(request: HttpRequest) -> str:
    """Its method, if that is one of those that there are."""
    return request.method if request.method in METHODS else OTHER


def pattern_of(request: HttpRequest) -> str:
    """The pattern that its address fits."""
    match = request.resolver_match
    return f"/{match.route}" if match else f"({area_of(request)})"
