"""HEAD, OPTIONS and methods that nothing takes (RFC 9110, section 9), where a view doesn't see to them.

Views of the API name their methods (`complete`); most others are made for GET and POST, and would take
any other one for a GET.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

View = Callable[..., HttpResponseBase]
PAGE_METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_MARK = "names_its_methods"


def complete(view: View) -> View:
    """A view that names its methods where it refuses one: with HEAD, answered as GET is, and OPTIONS,
    answered by that list. Neither has a body."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  # any view's
        response = view(request, *args, **kwargs)
        if _is_missed(request, response):
            request.method = "GET"
            response = view(request, *args, **kwargs)
            request.method = "HEAD"
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return _named(response, is_asked_for=request.method == "OPTIONS")
        return response

    setattr(answer, _MARK, True)
    return answer


def _is_missed(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether HEAD was refused where GET is not."""
    is_refused = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    return is_refused and request.method == "HEAD" and "GET" in response.headers.get("Allow", "")


def _named(response: HttpResponseBase, *, is_asked_for: bool) -> HttpResponseBase:
    """That answer, or the one to OPTIONS, with all methods in `Allow`."""
    allowed = {name.strip() for name in response.headers.get("Allow", "").split(",")} | {"OPTIONS"}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    told = HttpResponse(status=HTTPStatus.NO_CONTENT) if is_asked_for else response
    told.headers["Allow"] = ", ".join(sorted(allowed))
    return told


class MethodsMiddleware:
    """Lets GET, HEAD and POST alone come to views that don't name their methods."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_: object) -> HttpResponseBase | None:
        """204 to OPTIONS, 405 to whatever else is no method of a page."""
        if hasattr(view, _MARK) or request.method in ("GET", "HEAD", "POST"):
            return None
        refused = HttpResponseNotAllowed(PAGE_METHODS)
        return _named(refused, is_asked_for=request.method == "OPTIONS")
