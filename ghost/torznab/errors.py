"""What went wrong, as Torznab's clients read it: `<error code=… description=…/>`.

The HTTP status is the API's own: clients that look at it are right, and those that read the
document are too. The codes are Newznab's; 429 has the words by which clients know it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from ghost.core.errors import GhostError
from ghost.core.http import problems
from ghost.torznab import xml

PREFIX = "/api/torznab"
CREDENTIALS, NOT_ALLOWED, MISSING, INCORRECT, NO_FUNCTION, NOT_AVAILABLE = (
    100,
    102,
    200,
    201,
    202,
    203,
)
LIMIT, UNKNOWN = 500, 900
LIMIT_REACHED = "Request limit reached"
"""By these words clients know it, and come later."""
NO_KEY = "Missing parameter: apikey"
"""By the name in it clients know, if there was none, that a key is needed."""
_CODES = {
    HTTPStatus.UNAUTHORIZED: CREDENTIALS,
    HTTPStatus.FORBIDDEN: NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: NO_FUNCTION,
    HTTPStatus.METHOD_NOT_ALLOWED: NO_FUNCTION,
    HTTPStatus.TOO_MANY_REQUESTS: LIMIT,
}


class TorznabError(GhostError):
    """The request can't be answered as it was put: 400, with this code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(status: int, code: int, description: str) -> HttpResponse:
    """The document with this status."""
    return HttpResponse(xml.error(code, description), xml.TYPE, status)


class TorznabErrorsMiddleware:
    """Turns the API's problems into documents where Torznab is spoken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer, or the document instead of a problem."""
        response = self.get_response(request)
        is_problem = response.headers.get("Content-Type", "") == problems.CONTENT_TYPE
        if not is_problem or not request.path_info.startswith(PREFIX):
            return response
        assert isinstance(response, HttpResponse)  # noqa: S101  # as every problem is
        return _told(request, response)


def _told(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    code = _CODES.get(HTTPStatus(response.status_code), UNKNOWN)
    description = str(json.loads(response.content)["detail"])
    if code == LIMIT:
        description = LIMIT_REACHED
    elif code == CREDENTIALS and not has_key(request):
        description = NO_KEY
    elif code == CREDENTIALS:
        description = _("This token is not valid.")
    told = answer(response.status_code, code, description)
    for name, value in response.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            told[name] = value
    return told


def has_key(request: HttpRequest) -> bool:
    """Whether the request came with credentials of some kind."""
    is_in_query = any(name.lower() == "apikey" for name in request.GET)
    return is_in_query or "Authorization" in request.headers
