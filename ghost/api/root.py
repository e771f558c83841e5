"""The root of the JSON API: the apps' routers under one roof."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

import builds.api
import dht.api
import ghost.torznab.api
import resources.api
import teams.api
from ghost.api import audit, events, ops, tasks
from ghost.api.openapi import Api
from ghost.core.config.version import VERSION
from ghost.core.http import problems
from ghost.core.http.request import json_text
from ghost.core.http.request.json_text import NotJsonError

MAX_BYTES = 2_500_000
"""Of a body of JSON; a bulk request, which reads its own, may have more."""
MEDIA_TYPES = {
    "": ("application/json",),
    "PATCH": ("application/json", "application/merge-patch+json"),  # RFC 7396
}


class StrictParser(Parser):
    """JSON and nothing else, and each parameter of an address once, since programs differ in which of two
    they take."""

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The parameters; ValidationError (422) names those that are given twice."""
        twice = [n for n, values in data.lists() if len(values) > 1 and n not in list_fields]
        if twice:
            told = _("This parameter is given more than once.")
            raise ValidationError(
                [{"type": "twice", "loc": ("query", name), "msg": told} for name in twice]
            )
        return super().parse_querydict(data, list_fields, request)

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body; HttpError 415 for another type, 400 with the reason if it is not JSON."""
        if request.content_type not in MEDIA_TYPES.get(request.method or "", MEDIA_TYPES[""]):
            raise HttpError(415, _("The body must be application/json."))
        if len(request.body) > MAX_BYTES:
            raise HttpError(413, _("The body may have at most 2.5 MB."))
        try:
            body = json_text.parse(request.body)
            return cast("dict[str, Any]", body)  # JSON: what it holds, the schema checks
        except NotJsonError as error:
            raise HttpError(400, _("The body is not JSON: %s.") % error) from error


api = Api(
    title="Ghost",
    version=VERSION,
    description="Publish magnet links in a catalog, and manage what is published. Every request needs a"
    " bearer token. docs/api.md has what holds for all operations, and examples.",
    parser=StrictParser(),
    docs_decorator=require_safe,
)
problems.register(api)
api.add_router("", teams.api.router)
api.add_router("", builds.api.router)
api.add_router("", dht.api.router)
api.add_router("", audit.router)
api.add_router("", events.router)
api.add_router("", tasks.router)
for router in ops.ROUTERS:
    api.add_router("/ops", router)
api.add_router("/torznab", ghost.torznab.api.router)
api.add_router("/resources", resources.api.resources)
api.add_router("/categories", resources.api.categories)
