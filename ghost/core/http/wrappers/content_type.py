"""What a request's Content-Type may tell: its media type and, of a form, the boundary.

Django decodes forms and addresses by the `charset` that stands there, before any of our code runs,
and Python has codecs that decode no text at all (`rot13`, `undefined`): they, and parameters that
can't be read (RFC 2231), would make a fault of ours of somebody's header. All texts are UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BOUNDARY = re.compile(r';\s*boundary\s*=\s*("[^"]*"|[^\s;"]+)', re.IGNORECASE)


def plain(content_type: str) -> str:
    """The same without any parameter but the boundary."""
    media_type, semicolon, _parameters = content_type.partition(";")
    boundary = _BOUNDARY.search(content_type) if semicolon else None
    return f"{media_type}; boundary={boundary[1]}" if boundary else media_type


def made_plain(application: WSGIApplication) -> WSGIApplication:
    """The application, which is told no more than that."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = plain(environ.get("CONTENT_TYPE", ""))
        return application(environ, start_response)

    return answer
