"""A line of the log for each request: what was asked, who by what means, what was answered and how fast."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.encoding import escape_uri_path

log = logging.getLogger("ghost.access")

MAX_PATH_CHARS = 300
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SECRET_PARTS = ("token", "uidb64")
"""Names that routes give to what opens something."""
SHOWN_PARTS = ("task_id", "token_hash")
"""Names that routes give to what is long and opens nothing."""
# Long, with digits and letters of both cases or without any hyphen: nobody's title.
_LOOKS_SECRET = re.compile(
    r"(?=[\w~-]*[0-9])(?=[\w~-]*[A-Z])(?=[\w~-]*[a-z])[\w~-]{20,}|(?=[a-z0-9]*[0-9])[a-z0-9]{20,}",
    re.A,
)


class AccessLineMiddleware:
    """Writes the line when the answer has been handed over, its body included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        if not log.isEnabledFor(logging.INFO):
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        body = _Body.of(request, response)
        # Django's own list of what is closed with a response, which its stubs don't have.
        closers: list[Callable[[], None]] = response._resource_closers  # type: ignore[attr-defined]
        closers.append(lambda: _tell(request, response, began, body))
        return response


class _Body:
    """How large a body is, told at its end where nobody knows before."""

    def __init__(self, size: int) -> None:
        self.size = size

    @classmethod
    def of(cls, request: HttpRequest, response: HttpResponseBase) -> _Body:
        """That of this response."""
        if request.method == "HEAD":
            return cls(0)
        if isinstance(response, HttpResponse):
            return cls(len(response.content))
        told = response.headers.get("Content-Length", "")
        body = cls(int(told) if told.isdecimal() else 0)
        if not told and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = body.counted(iter(response))
        return body

    def counted(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The parts, which are counted as they go out."""
        for part in parts:
            self.size += len(part)
            yield part


def _tell(request: HttpRequest, response: HttpResponseBase, began: float, body: _Body) -> None:
    method = request.method if request.method in METHODS else "?"
    match = request.resolver_match
    details = {
        "method": method,
        "route": f"/{match.route}" if match else None,
        "path": shown_path(request),
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - began) * 1000, 1),
        "bytes": body.size,
        "caller": caller(request),
    }
    extra = {"details": details, "in_words": ("method", "path", "status")}
    log.info("%s %s %d", method, details["path"], response.status_code, extra=extra)


def shown_path(request: HttpRequest) -> str:
    """The path without what opens something, and never with its query."""
    path, parts = request.path, request.resolver_match.kwargs if request.resolver_match else {}
    for value in (str(parts[name]) for name in SECRET_PARTS if parts.get(name)):
        path = path.replace(value, "…")
    shown = {str(parts[name]) for name in SHOWN_PARTS if name in parts}
    path = _LOOKS_SECRET.sub(lambda found: found[0] if found[0] in shown else "…", path)
    # Escaped, so that nothing in it looks like the rest of the line.
    return escape_uri_path(path)[:MAX_PATH_CHARS].replace("%E2%80%A6", "…")


def caller(request: HttpRequest) -> str:
    """What kind it is: `token`, `operator` or `anonymous`. Asks no database: who was not looked up for the
    answer is anonymous."""
    if hasattr(getattr(request, "auth", None), "role"):
        return "token"
    user = getattr(request, "_cached_user", None)
    return "operator" if user is not None and user.is_authenticated else "anonymous"
