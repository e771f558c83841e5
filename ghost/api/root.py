"""The root of the JSON API: the apps' routers under one roof."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from pydantic_core import from_json

import builds.api
import dht.api
import ghost.torznab.api
import resources.api
import teams.api
from ghost.api import audit, events, tasks
from ghost.core.http import idempotency, problems

MAX_BYTES = 2_500_000
"""Of a body of JSON; a bulk request, which reads its own, may have more."""
MEDIA_TYPES = {
    "": ("application/json",),
    "PATCH": ("application/json", "application/merge-patch+json"),  # RFC 7396
}


class StrictParser(Parser):
    """JSON and nothing else: UTF-8, no lone surrogates, no NaN, bounded in depth (RFC 8259)."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body; HttpError 415 for another type, 400 with the reason if it is not JSON."""
        if request.content_type not in MEDIA_TYPES.get(request.method or "", MEDIA_TYPES[""]):
            raise HttpError(415, _("The body must be application/json."))
        if len(request.body) > MAX_BYTES:
            raise HttpError(413, _("The body may have at most 2.5 MB."))
        try:
            return cast("dict[str, Any]", from_json(request.body, allow_inf_nan=False))
        except ValueError as error:
            raise HttpError(400, _("The body is not JSON: %s.") % error) from error


class Api(NinjaAPI):
    """ninja, with the truth about the errors' media type in the schema."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The schema; errors are application/problem+json."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                _name_problems(operation["responses"])
                _add_common(method, operation)
        return schema


def _add_common(method: str, operation: dict[str, Any]) -> None:
    """What holds for every operation, or for each of its kind, and stands with none of them."""
    responses = operation["responses"]
    common = {401, 403, 429, 503}
    if "requestBody" in operation:
        common |= {400, 413, 415, 422}
    if method == "post":
        common |= {409, 413, 422}  # of the idempotency key
        operation.setdefault("parameters", []).append(_KEY)
    for status in common - set(responses):
        responses[status] = responses[401] | {"description": problems.phrase(status)}
    operation["responses"] = dict(sorted(responses.items()))


_KEY = {
    "in": "header",
    "name": idempotency.HEADER,
    "required": False,
    "schema": {"type": "string", "maxLength": idempotency.MAX_CHARS},
    "description": "The same key and request again: the same answer, and nothing done twice.",
}


def _name_problems(responses: dict[int, dict[str, Any]]) -> None:
    for status, response in responses.items():
        if status >= 400:
            response["description"] = problems.phrase(status)
        if status >= 400 and "application/json" in response["content"]:
            response["content"] = {problems.CONTENT_TYPE: response["content"].popitem()[1]}


api = Api(
    title="Ghost",
    version="1",
    description="The private API of a catalog of magnet links. See docs/api.md.",
    parser=StrictParser(),
)
problems.register(api)
api.add_router("", teams.api.router)
api.add_router("", builds.api.router)
api.add_router("", dht.api.router)
api.add_router("", audit.router)
api.add_router("", events.router)
api.add_router("", tasks.router)
api.add_router("/torznab", ghost.torznab.api.router)
api.add_router("/resources", resources.api.router)
api.add_router("/categories", resources.api.categories)
