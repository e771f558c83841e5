"""What a request gets, and the log tells, when it can't be read, or the database is busy.

Problems below /api/, a plain page elsewhere; one line in the log, since anybody can send such a
request as often as he likes. Faults of ours stay Django's: 500, with their traceback.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import UnreadablePostError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from ghost.core.db.outages import OUTAGES
from ghost.core.errors import GhostError, OutageError
from ghost.core.http import problems
from ghost.core.http.limits.rate_limit import TooManyError

log = logging.getLogger(__name__)

_LATER = (OutageError, TooManyError, *OUTAGES)


class ErrorPagesMiddleware:
    """Answers what the world refuses a view with 503 or 429 and `Retry-After`: see `of_error`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer; a 503 always says when to come again."""
        response = self.get_response(request)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers.setdefault("Retry-After", str(problems.RETRY_AFTER_S))
            _mark_logged(response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to an error of a view; None for a fault of ours."""
        return of_error(request, error)


def of_error(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer that says whose fault it is, if it is not ours: a body that broke off, a database
    that is locked or away, whatever else may work later."""
    if isinstance(error, UnreadablePostError):
        return _refused(request, error, 400)
    if not isinstance(error, _LATER):
        return None
    told = problems.problem_of(request, error)
    words = str(error) if isinstance(error, GhostError) else ""
    answer = told if _is_api(request) else _page(told.status_code, words, like=told)
    _mark_logged(answer)
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`: a wrong Host, a cookie or body that can't be read."""
    return _refused(request, exception, 413 if isinstance(exception, RequestDataTooBig) else 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, called while the error is handled: middleware has no other."""
    known = of_error(request, sys.exc_info()[1])
    return known or defaults.server_error(request)


def _refused(request: HttpRequest, error: Exception, status: int) -> HttpResponse:
    log.warning("Refused with %d: %s", status, problems.one_line_of(error))
    if _is_api(request):
        response: HttpResponse = problems.answer(status, _DETAILS[status]())
    else:
        response = _page(status)
    _mark_logged(response)
    return response


_DETAILS: dict[int, Callable[[], str]] = {
    400: lambda: _("The request can't be read."),
    413: lambda: _("The body is too large."),
    503: lambda: _("Ghost is busy with other changes; please try again."),
}


def _page(status: int, detail: str = "", *, like: HttpResponse | None = None) -> HttpResponse:
    """A page that needs neither database nor session; when to come again, as `like` has it."""
    after = like.headers.get("Retry-After", "") if like else ""
    detail = detail or _DETAILS[status]()
    words = {"status": status, "title": problems.phrase(status), "detail": detail}
    response = HttpResponse(
        render_to_string("ghost/error.html", words | {"after_s": after}), status=status
    )
    if after:
        response["Retry-After"] = after
    return response


def _mark_logged(response: HttpResponseBase) -> None:
    """It is told in the log as far as it is worth a line: Django adds none, and no traceback."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # `django.utils.log` asks for it


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
