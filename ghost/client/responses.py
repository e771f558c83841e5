"""What a response of the server says: an answer, a problem, or to come again later."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import requests

from .errors import UNDER_WAY, Json, RefusedError, SetupError

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """A response with a good status. `is_resent`: an earlier try of the same request got no answer,
    and may have been carried out."""

    response: requests.Response
    is_resent: bool

    @property
    def is_replayed(self) -> bool:
        """Whether the server repeats what it answered to the same Idempotency-Key before."""
        return is_replayed(self.response)

    @property
    def etag(self) -> str:
        """The version of the resource that came; empty if the server names none."""
        return self.response.headers.get("ETag", "")

    @property
    def next_cursor(self) -> str | None:
        """Of the page after this one. The link's host is ignored: the token goes to ours alone."""
        link = self.response.links.get("next", {}).get("url")
        return parse_qs(urlsplit(link).query)["cursor"][0] if link else None

    def json(self) -> Json:
        """The body, which must be an object; not checked."""
        body: Json = self.response.json()
        return body

    def json_list(self) -> list[Json]:
        """The body, which must be a list of objects; not checked."""
        rows: list[Json] = self.response.json()
        return rows


def accepted(response: requests.Response, *, is_resent: bool, media_type: str = JSON) -> Answer:
    """The response if its status is good; RefusedError with its problem, or SetupError if GHOST_URL
    doesn't lead to a Ghost, which would answer in this media type."""
    if 300 <= response.status_code < 400:
        place = response.headers.get("Location", "elsewhere")
        raise SetupError(f"The server says that it is at {place}: set GHOST_URL to that.")
    if response.status_code >= 400:
        raise RefusedError(response.status_code, _marked_problem(response, is_resent=is_resent))
    content_type = response.headers.get("Content-Type", "no type")
    is_known = _is_json(response) if media_type == JSON else content_type == media_type
    if not is_known:
        raise SetupError(f"{response.url} is no Ghost: it answers {content_type}.")
    return Answer(response, is_resent)


def _is_json(response: requests.Response) -> bool:
    try:
        response.json()
    except ValueError:
        return False
    return True


def _marked_problem(response: requests.Response, *, is_resent: bool) -> Json:
    """The problem; `replayed` and `repeated` say that the request may have been done before."""
    marks = {"replayed": is_replayed(response), "repeated": is_resent}
    return {**problem(response), **{name: True for name, value in marks.items() if value}}


def problem(response: requests.Response) -> Json:
    """The problem in a response (RFC 9457), or one made of its status."""
    try:
        body = response.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"detail": f"HTTP status {response.status_code}"}


def is_replayed(response: requests.Response) -> bool:
    """Whether the server repeats what it answered to the same Idempotency-Key before."""
    return response.headers.get("Idempotency-Replayed") == "true"


def is_cut(response: requests.Response) -> bool:
    """Whether less came than was announced; older versions of urllib3 don't mind."""
    length = response.headers.get("Content-Length", "")
    is_plain = "Content-Encoding" not in response.headers and length.isdigit()
    return is_plain and len(response.content) < int(length)


def requested_pause_s(response: requests.Response, usual_s: float) -> float | None:
    """Seconds to wait before the request is sent again; None if this response is final."""
    if response.status_code in (429, 503):
        return _retry_after_s(response.headers.get("Retry-After", ""), usual_s)
    if response.status_code in (502, 504):
        return usual_s
    if response.status_code == 409 and problem(response).get("type") == UNDER_WAY:
        return usual_s
    return None


def _retry_after_s(value: str, usual_s: float) -> float:
    """Of `120`, or of a date (RFC 9110 §10.2.3)."""
    if value.isascii() and value.isdigit():
        return float(value)
    with suppress(TypeError, ValueError):
        left = parsedate_to_datetime(value) - datetime.now(timezone.utc)
        return max(0.0, left.total_seconds())
    return usual_s
