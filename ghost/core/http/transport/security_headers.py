"""What browsers are told with each answer, errors and files too, and Django's middleware does not tell."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

HEADERS = {"Cross-Origin-Resource-Policy": "same-origin"}
"""Unless the view has set its own."""
ALWAYS_UTF_8 = ("text/event-stream",)
"""Whatever they say (WHATWG HTML, section 9.2.5)."""


class SecurityHeadersMiddleware:
    """Adds HEADERS to every answer that lacks them, and its charset to a text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/") and ";" not in kind and kind not in ALWAYS_UTF_8:
            response["Content-Type"] = f"{kind}; charset=utf-8"
        return response
