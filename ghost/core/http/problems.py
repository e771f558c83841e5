"""Every error of the API as one kind of answer: application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    ObjectDoesNotExist,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja import errors as ninja

from ghost.core.db.outages import OUTAGES, is_busy
from ghost.core.errors import (
    ConflictError,
    ForbiddenError,
    OutageError,
    PassingError,
    RefusedError,
    RevokedError,
    StaleError,
)
from ghost.core.http.idempotency import (
    KeyInvalidError,
    LostAnswerError,
    OtherRequestError,
    ReplayError,
    UnderWayError,
)
from ghost.core.http.limits.rate_limit import TooManyError
from ghost.core.http.request.request_id import request_id
from ghost.core.http.schema import schema_sentences

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 30
MOST_TOLD = 50
"""Fields at fault that one answer names."""
MOST_LOGGED = 200
"""Characters of what a stranger sent."""
STATUS_OF_CODE = {
    "duplicate": HTTPStatus.CONFLICT,
    "blocked": HTTPStatus.CONFLICT,
    "misplaced": HTTPStatus.BAD_REQUEST,
}
"""Where the reason of a ValidationError, and not its kind, decides."""
PHRASES = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""RFC 9110's words, where Python's differ from version to version."""
MEANINGS = {
    400: "The body can't be read, or what the request asks for is impossible.",
    401: "There is no usable token: the `Authorization` header is missing, or its token is unknown,"
    " revoked or expired.",
    403: "The token's role doesn't allow this, or what the request names is not in its scope.",
    404: "What the request names doesn't exist.",
    409: "It conflicts with what exists, with the state that it is in, or with a change at the same time; or"
    " the first request with the same `Idempotency-Key` has no answer yet, or one that can't be read any more.",
    411: "The body came in chunks. Send it with a `Content-Length`.",
    412: "The resource was changed since the version in `If-Match`. Read it again.",
    413: "The body is too large.",
    415: "The body has another media type than the operation takes.",
    422: "A field or parameter is not valid, or there is none of that name: `errors` names it. Or the"
    " `Idempotency-Key` is none, or was used with another body or for another operation.",
    429: "The token has made too many requests. Try again after `Retry-After` seconds.",
    503: "Something that the request needs is out of reach or busy. Try again after `Retry-After`"
    " seconds.",
}
"""What an error status means in this API, for its schema."""
SHOWN_FIELDS = {
    "category": "category_id",
    "parent": "parent_id",
    "team": "team_id",
    "scope_team": "team_id",
    "supersedes": "supersedes_id",
    "owner": "owner_token_hash",
    "magnet_hash": "magnet_uri",
    "magnet_hash_v2": "magnet_uri",
    NON_FIELD_ERRORS: "",
}
"""What publishers call the models' fields."""

Errors = list[dict[str, str]]


def phrase(status: int) -> str:
    """What a status is called, whatever the version of Python."""
    return PHRASES.get(status) or HTTPStatus(status).phrase


def one_line_of(error: BaseException) -> str:
    """An error by its kind and words, for a line of the log: they may hold what a stranger sent."""
    words = f"{type(error).__name__}: {error}"
    return words[:MOST_LOGGED].encode("unicode_escape").decode("ascii")


def answer(status: int, detail: str, *, code: str = "", **more: object) -> JsonResponse:
    """A problem with this status; `code` gives it a type of its own."""
    body = {
        "type": f"urn:ghost:problem:{code}" if code else "about:blank",
        "title": code.replace("-", " ").capitalize() if code else phrase(status),
        "status": int(status),
        "detail": detail or phrase(status),
        "request_id": request_id(),
        **more,
    }
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def register(api: NinjaAPI) -> None:
    """Have `api` answer each of our errors, Django's and ninja's as a problem.

    What is not named here is a fault of ours: Django logs it, and `Middleware` hides its details.
    """
    for error, handler in HANDLERS.items():
        api.add_exception_handler(error, handler)


def on_refused(request: HttpRequest, error: RefusedError) -> JsonResponse:
    """400, or what the kind of refusal says; `errors` names the field if one is at fault."""
    status = next((s for kind, s in _REFUSALS if isinstance(error, kind)), 400)
    if status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(str(error))
    named: dict[str, Any] = {}
    if error.field:
        named["errors"] = [{"field": error.field, "message": str(error)}]
    response = answer(status, str(error), **named)
    response.may_pass = isinstance(error, PassingError)  # type: ignore[attr-defined]  # for idempotency
    return response


def _unauthorized(detail: str) -> JsonResponse:
    response = answer(401, detail)
    response["WWW-Authenticate"] = "Bearer"
    return response


_REFUSALS = ((ForbiddenError, 403), (ConflictError, 409), (StaleError, 412), (RevokedError, 401))


def on_outage(request: HttpRequest, error: OutageError) -> JsonResponse:
    """503, and when to come again."""
    log.warning("Not now: %s", one_line_of(error))
    return _later(str(error))


def on_replay(request: HttpRequest, error: ReplayError) -> HttpResponse:
    """The answer that the first request with this key got."""
    return error.response


def on_key(request: HttpRequest, error: KeyInvalidError | OtherRequestError) -> JsonResponse:
    """422: it can't be a key, or belongs to another request."""
    return answer(422, str(error), code=error.problem)


def on_lost_answer(request: HttpRequest, error: LostAnswerError) -> JsonResponse:
    """409: it was done, and can't be answered again."""
    return answer(409, str(error), code=error.problem)


def on_under_way(request: HttpRequest, error: UnderWayError) -> JsonResponse:
    """409, and when to ask again."""
    response = answer(409, str(error), code=error.problem)
    response["Retry-After"] = str(error.wait_s)
    return response


def on_too_many(request: HttpRequest, error: TooManyError) -> JsonResponse:
    """429, and when the next minute begins."""
    response = answer(429, str(error))
    response["Retry-After"] = str(error.wait_s)
    return response


def on_database_trouble(request: HttpRequest, error: Exception) -> JsonResponse:
    """503: the database is locked for too long, or away."""
    if is_busy(error):
        log.warning("The database was busy for too long: %s", one_line_of(error))
    else:
        log.error("The database did not answer.", exc_info=error)
    return _later(_("The database is busy; try again."))


def on_collision(request: HttpRequest, error: IntegrityError) -> JsonResponse:
    """409: what the checks saw was changed by somebody else before the write."""
    log.error("The database refused a write.", exc_info=error)
    return answer(
        409, _("Somebody else changed it at the same moment; read it again, then repeat.")
    )


def _later(detail: str) -> JsonResponse:
    response = answer(503, detail)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def on_invalid(request: HttpRequest, error: ValidationError) -> JsonResponse:
    """422, or the status that its code has."""
    flat = list(_flat(error))
    code, status, params = next(
        ((e.code, STATUS_OF_CODE[e.code], e.params) for _f, e in flat if e.code in STATUS_OF_CODE),
        ("", HTTPStatus.UNPROCESSABLE_ENTITY, None),
    )
    errors = [{"field": field, "message": m} for field, e in flat for m in e.messages]
    detail = " ".join(dict.fromkeys(e["message"] for e in errors))
    return answer(status, detail, code=code, errors=errors, **_twin(request, params))


def _flat(error: ValidationError) -> Iterable[tuple[str, ValidationError]]:
    named = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    for field, errors in named.items():
        yield from ((SHOWN_FIELDS.get(field, field), each) for each in errors)


def _twin(request: HttpRequest, params: dict[str, Any] | None) -> dict[str, int]:
    """The row that is there already, if the asker may know of it."""
    twin, token = (params or {}).get("twin"), getattr(request, "auth", None)
    if twin is None or token is None or not twin.is_seen_by(token):
        return {}
    return {"resource_id": twin.pk}


def on_malformed(request: HttpRequest, error: ninja.ValidationError) -> JsonResponse:
    """422: the schema does not fit."""
    first = error.errors[:MOST_TOLD]
    errors = [{"field": (at := _field(e["loc"])), "message": _message(e, at)} for e in first]
    detail = "; ".join(
        f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in errors
    )
    return answer(422, detail, errors=errors)


def _field(loc: tuple[str | int, ...]) -> str:
    """("body", "data", "tags", 3) → `tags.3`; ("query", "limit") → `limit`."""
    start = 2 if loc[0] == "body" else 1
    return ".".join(str(part) for part in loc[start:])


def _message(error: dict[str, Any], field: str) -> str:
    if error["loc"][0] == "body" and not field and error["type"] in _NO_OBJECT:
        return _("The body must be a JSON object.")
    if error["loc"] == ("query", "cursor"):
        return _("This is not a cursor: take it from the Link header of the previous page.")
    return schema_sentences.sentence(error)


_NO_OBJECT = ("missing", "model_attributes_type", "model_type")


def on_http_error(request: HttpRequest, error: ninja.HttpError) -> JsonResponse:
    """What ninja found; the parser's own reason for a body that can't be read."""
    if isinstance(error.__cause__, ninja.HttpError):
        error = error.__cause__
    if isinstance(error, ninja.AuthenticationError):
        return _unauthorized(_("A valid bearer token is required."))
    return answer(error.status_code, str(error))


def on_missing(request: HttpRequest, error: Exception) -> JsonResponse:
    """404 for a row or page that isn't there."""
    return answer(404, _("There is nothing here."))


@csrf_exempt  # there is nothing that could be forged
def unknown(request: HttpRequest, path: str) -> JsonResponse:
    """404 for an address below /api/ that does not exist, whatever the method."""
    without = request.path.rstrip("/")
    if without != request.path and _is_known(without):
        told = _("There is nothing here; the address has no trailing slash: %s")
        return answer(404, told % without)
    return on_missing(request, Http404())


def _is_known(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "__wrapped__", None) is not unknown
    except Resolver404:
        return False


def on_too_big(request: HttpRequest, error: Exception) -> JsonResponse:
    """413 for a body beyond Django's limits."""
    return answer(413, _("The body is too large."))


def on_suspicious(request: HttpRequest, error: Exception) -> JsonResponse:
    """400 for what Django's own parsers refuse."""
    log.warning("Refused with 400: %s", one_line_of(error))
    return answer(400, _("The request can't be read."))


def on_form(request: HttpRequest, error: Exception) -> JsonResponse:
    """415: a form was read for its `Idempotency-Key`, and the operation takes JSON."""
    return answer(415, _("The body must be application/json."))


HANDLERS: dict[type[Exception], Callable[..., HttpResponse]] = {
    RefusedError: on_refused,
    ReplayError: on_replay,
    KeyInvalidError: on_key,
    OtherRequestError: on_key,
    LostAnswerError: on_lost_answer,
    UnderWayError: on_under_way,
    TooManyError: on_too_many,
    OutageError: on_outage,
    **dict.fromkeys(OUTAGES, on_database_trouble),
    IntegrityError: on_collision,
    ValidationError: on_invalid,
    ninja.ValidationError: on_malformed,
    ninja.HttpError: on_http_error,
    Http404: on_missing,
    ObjectDoesNotExist: on_missing,
    RequestDataTooBig: on_too_big,
    SuspiciousOperation: on_suspicious,
    UnreadablePostError: on_suspicious,
    RawPostDataException: on_form,
}


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem that an error is; the error itself if it is a fault of ours."""
    kind = next((each for each in type(error).__mro__ if each in HANDLERS), None)
    if kind is None:
        raise error
    return HANDLERS[kind](request, error)


class ProblemsMiddleware:
    """Turns the pages of other errors below /api/ into problems: 405, a bad host, our own faults.

    Answers that are JSON already say what they mean.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer, or a problem instead of a page."""
        if "Transfer-Encoding" in request.headers and request.path_info.startswith("/api/"):
            # To Django such a body is an empty one: what it asked for would be left out quietly.
            return answer(411, _("Send the body with a Content-Length, not in chunks."))
        response = self.get_response(request)
        media_type = response.headers.get("Content-Type", "")
        is_told = "json" in media_type or "xml" in media_type
        if response.status_code < 400 or is_told or not request.path_info.startswith("/api/"):
            return response
        allowed = response.headers.get("Allow", "")
        told = _("This address takes no %(method)s; it takes: %(allowed)s.")
        named = {"method": request.method, "allowed": allowed}
        problem = answer(response.status_code, told % named if allowed else "")
        if allowed:
            problem["Allow"] = allowed
        return problem
