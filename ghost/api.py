"""The root of the JSON API: the apps' routers under one roof."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from pydantic_core import from_json

import builds.api
import dht.api
import resources.api
import teams.api
from ghost import problems


class StrictParser(Parser):
    """JSON and nothing else: UTF-8, no lone surrogates, no NaN, bounded in depth (RFC 8259)."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body; HttpError 415 for another type, 400 with the reason if it is not JSON."""
        if request.content_type != "application/json":
            raise HttpError(415, "The body must be application/json.")
        try:
            return cast("dict[str, Any]", from_json(request.body, allow_inf_nan=False))
        except ValueError as error:
            raise HttpError(400, f"The body is not JSON: {error}.") from error


class Api(NinjaAPI):
    """ninja, with the truth about the errors' media type in the schema."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The schema; errors are application/problem+json."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        for operations in schema["paths"].values():
            for operation in operations.values():
                _name_problems(operation["responses"])
        return schema


def _name_problems(responses: dict[int, dict[str, Any]]) -> None:
    for status, response in responses.items():
        if status >= 400:
            response["description"] = problems.phrase(status)
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
api.add_router("/resources", resources.api.router)
api.add_router("/categories", resources.api.categories)
