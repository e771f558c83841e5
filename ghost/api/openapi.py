"""The API's schema (OpenAPI 3.1): what holds for every operation of a kind is added here, once.

An operation itself names only its successes, and errors that its shape doesn't tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from ghost.api import query_parameters
from ghost.core.http import idempotency, problems
from ghost.core.http.schema import response_headers
from ghost.core.http.schema.schemas import NO_NUL
from ghost.core.http.transport import methods

Shown = dict[str, Any]
"""An operation in the schema."""

TAGS = {
    "session": "Which token is in use.",
    "resources": "The entries of the catalog: magnet links with title, description, tags and cover.",
    "categories": "The tree that each resource has one place in.",
    "teams": "Publishers' teams and their members.",
    "tokens": "Bearer tokens of this API. Admins manage them.",
    "builds": "The public site: what it shows, and how it is rendered.",
    "health": "Whether the torrents are alive, as checked in the DHT and with trackers.",
    "tasks": "Work that was queued by a request.",
    "events": "What happens, as it happens.",
    "operations": "How the installation stands, for dashboards, and what operators do with it. Besides an"
    " Admin's token the session of a person who is signed in to the admin is taken: any for reading, one of"
    " the group Operator, with the token against forgery in `X-CSRFToken`, for writing.",
    "audit": "Who changed what and when.",
    "torznab": "The catalog for indexer managers such as Prowlarr.",
}
"""By tag what its operations are about, in the order of the documentation."""
KEY = {
    "in": "header",
    "name": idempotency.HEADER,
    "required": False,
    "schema": {"type": "string", "maxLength": idempotency.MAX_CHARS, "pattern": NO_NUL},
    "description": "Any unique text, such as a UUID. If the same request is sent again with the same"
    " key, it is not carried out again: the answer is that of the first time. Answers are kept for 24"
    " hours.",
    "example": "2f0e7a52-8f7a-4f0e-9f4c-3f4d6a0d7c11",
}

STREAM = "text/event-stream"
NOT_MODIFIED = "It has not changed since the answer whose `ETag` stands in `If-None-Match`."


class Api(NinjaAPI):
    """ninja, with a schema that also says what our operations have in common, and with HEAD and OPTIONS."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        query_parameters.guard(self._operations())
        urls = super()._get_urls()
        for pattern in urls:
            if isinstance(pattern, URLPattern):
                pattern.callback = methods.complete(pattern.callback)
        return urls

    def _operations(self) -> list[Operation]:
        routers = self._get_bound_routers()
        views = [view for router in routers for view in router.path_operations.values()]
        return [operation for view in views for operation in view.operations]

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """ninja's, with tags, headers and the problems that operations have in common."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["components"]["headers"] = response_headers.COMPONENTS
        schema["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                _complete(method, operation)
                _show_body(operation, schema["components"]["schemas"])
                _add_merge_patch(method, operation)
        for body in _bodies(schema):
            _leave_defaults_out(body)
        return schema


def _complete(method: str, operation: Shown) -> None:
    parameters = operation.setdefault("parameters", [])
    if method == "post":
        parameters.append(dict(KEY))
    for parameter in parameters:
        _describe_once(parameter)
    _add_problems(method, operation)
    _add_not_modified(method, operation)
    for status, response in operation["responses"].items():
        names = _headers(method, operation, status)
        headers = response_headers.described(*names) | response.get("headers", {})
        response["headers"] = dict(sorted(headers.items()))


def _describe_once(parameter: dict[str, Any]) -> None:
    """ninja repeats a parameter's words in its schema, and makes a list of its examples, which in
    OpenAPI are an object."""
    examples = parameter.pop("examples", None)
    if isinstance(examples, list):
        parameter["example"] = examples[0]
    repeated = {"description", "example", "examples"}
    parameter["schema"] = {k: v for k, v in parameter["schema"].items() if k not in repeated}


def _show_body(operation: Shown, schemas: dict[str, Any]) -> None:
    """Show the body's example where clients' tools look for it, whichever way its schema is put."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        body = media["schema"].get("anyOf", [media["schema"]])[0]
        if "$ref" in body and "example" not in media:
            media["example"] = schemas[body["$ref"].rpartition("/")[2]]["examples"][0]


MERGE_PATCH = "application/merge-patch+json"
"""RFC 7396: what is absent stays, null clears."""


def _add_merge_patch(method: str, operation: Shown) -> None:
    if method == "patch":
        content = operation["requestBody"]["content"]
        content[MERGE_PATCH] = content["application/json"]


def _bodies(schema: Shown) -> Iterator[Shown]:
    """The schemas of all request bodies, and of what is in them, each once."""
    operations = (each for item in schema["paths"].values() for each in item.values())
    contents = (each.get("requestBody", {}).get("content", {}) for each in operations)
    waiting: list[Any] = [media["schema"] for content in contents for media in content.values()]
    known, named = set[str](), schema["components"]["schemas"]
    while waiting:
        part = waiting.pop()
        name = part.get("$ref", "").rpartition("/")[2]
        if name and name not in known:
            known.add(name)
            waiting.append(named[name])
        elif not name:
            yield part
            inside = [*part.get("properties", {}).values(), part.get("items")]
            waiting += [each for each in inside + part.get("anyOf", []) if each]


def _leave_defaults_out(body: Shown) -> None:
    """Generators take a field with a default for one that must be sent: words tell of it instead."""
    for told in body.get("properties", {}).values():
        default = told.pop("default", None)
        if default:
            told["description"] = (
                f"{told.get('description', '')} Default: {json.dumps(default)}.".strip()
            )


def _add_problems(method: str, operation: Shown) -> None:
    responses = operation["responses"]
    names_all = 401 in responses  # Torznab: its errors are documents of another kind
    if not names_all:
        responses |= {status: {} for status in _statuses(method, operation)}
    for status in [each for each in responses if each >= 400]:
        content = responses[status]["content"] if names_all else _PROBLEM
        responses[status] = {"description": problems.MEANINGS[status], "content": content}
    operation["responses"] = dict(sorted(responses.items()))


def _add_not_modified(method: str, operation: Shown) -> None:
    """What `ghost.core.http.transport.cache_control` answers to whoever has it already."""
    if method != "get" or STREAM in operation["responses"].get(200, {}).get("content", {}):
        return
    operation["responses"].setdefault(304, {})["description"] = NOT_MODIFIED
    operation["responses"] = dict(sorted(operation["responses"].items()))


_PROBLEM = {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _statuses(method: str, operation: Shown) -> set[int]:
    """The errors that an operation can have for what it takes."""
    found = {401, 403, 429, 503}
    has_body = "requestBody" in operation
    places = {parameter["in"] for parameter in operation["parameters"]}
    found |= {400, 413, 415, 422} if has_body else set()
    found |= {404, 422} if "path" in places else set()
    found |= {422} if "query" in places or method != "get" else set()
    found |= {400, 412} if _takes(operation, "If-Match") else set()
    found |= {411} if method != "get" else set()
    return found | ({409, 413, 422} if method == "post" else set())


def _headers(method: str, operation: Shown, status: int) -> list[str]:
    """The headers of that answer, besides those that the operation itself names."""
    found = ["X-Request-ID", *_OF_ERRORS.get(status, [])]
    found += [] if status == 401 else ["RateLimit", "RateLimit-Policy"]  # HTTP's
    if status >= 400:
        return found + (["Retry-After"] if (method, status) == ("post", 409) else [])
    found += ["ETag"] if 304 in operation["responses"] else []
    found += ["Link"] if _takes(operation, "cursor") else []
    found += ["X-Total-Count"] if _takes(operation, "count") else []
    found += ["Preference-Applied"] if _takes(operation, "Prefer") else []
    return found + (["Idempotency-Replayed"] if method == "post" else [])


_OF_ERRORS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}


def _takes(operation: Shown, name: str) -> bool:
    return any(parameter["name"] == name for parameter in operation["parameters"])
