"""The headers of the API's answers, as its schema describes them."""

from __future__ import annotations

from typing import Any

DESCRIPTIONS = {
    "Content-Disposition": (
        "File name under which to save the answer (RFC 6266).",
        'attachment; filename="big-buck-bunny.torrent"',
    ),
    "ETag": (
        "Names this version of the resource (RFC 9110): send it back in `If-Match` or"
        " `If-None-Match`.",
        '"9b1f04c2d7e8a653-0f4d2c1b7a9e8d36"',
    ),
    "Idempotency-Replayed": (
        "`true` if the request was answered before, and this is that answer.",
        "true",
    ),
    "Link": (
        'Address of the next page, with `rel="next"` (RFC 8288); absent on the last page.',
        '<https://example.org/api/resources?limit=50&cursor=1200>; rel="next"',
    ),
    "Location": ("Address of the new resource, without the host.", "/api/resources/7"),
    "Preference-Applied": ("`wait` if the preference in `Prefer` was honoured (RFC 7240).", "wait"),
    "RateLimit": (
        "How many requests are left (`r`), and after how many seconds all of them are there again (`t`), as in"
        " draft-ietf-httpapi-ratelimit-headers.",
        '"default";r=1187;t=42',
    ),
    "RateLimit-Policy": (
        "The token's limit: so many requests (`q`) in so many seconds (`w`). Absent, as `RateLimit` is, where"
        " the installation has no limit.",
        '"default";q=1200;w=60',
    ),
    "Retry-After": ("Seconds after which to try again.", "30"),
    "WWW-Authenticate": ("The kind of credentials that is needed: `Bearer`.", "Bearer"),
    "X-Request-Cost": (
        "How many requests this one counts as against the token's limit of requests in a minute.",
        "151",
    ),
    "X-Request-ID": (
        "Identifies this request in the server's log. Send a value of your own (8 to 64 letters,"
        " digits, `.`, `_` or `-`) to have it used.",
        "9f1c2b7a4d5e6f70",
    ),
    "X-Total-Count": (
        "Number of rows on all pages; only if the request asked with `count=true`.",
        "1234",
    ),
}
"""By name: what the header tells, and an example."""
COMPONENTS = {
    name: {"description": description, "schema": {"type": "string"}, "example": example}
    for name, (description, example) in DESCRIPTIONS.items()
}
"""The same in OpenAPI, for `components.headers`."""


def described(*names: str) -> dict[str, Any]:
    """The `headers` of an answer in OpenAPI."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def on(status: int, *names: str) -> dict[str, Any]:
    """For `openapi_extra`: an operation's answer with this status has these headers."""
    return {"responses": {status: {"headers": described(*names)}}}
