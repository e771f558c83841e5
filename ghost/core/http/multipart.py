"""Files in the body of an API request, whatever its method: Django reads only those of a POST."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.errors import HttpError

from ghost.core.http.schema.schemas import Documented

_Files = MultiValueDict[str, Any]

ENVELOPE_BYTES = 10_000
"""Boundaries and headers around the file."""
FIELDS_BYTES = 500_000
"""The same with the other fields of a form."""


def one_file(request: HttpRequest, name: str, *, max_bytes: int, too_big: str) -> bytes:
    """The file in the field `name`, the only one of a multipart body (RFC 7578).

    HttpError 415 for another type, 413 with the sentence `too_big`, 400 for what can't be read;
    ValidationError if there is no such file, or anything beside it.
    """
    if request.content_type != "multipart/form-data":
        raise HttpError(415, _("The body must be multipart/form-data."))
    # Before a byte is read; a body without a length is none to Django.
    if _length(request) > max_bytes + ENVELOPE_BYTES:
        raise HttpError(413, too_big)
    fields, files = _parsed(request)
    try:
        return _only(fields, files, name, max_bytes, too_big)
    finally:
        for _name, given in files.lists():
            for file in given:
                file.close()


def of_form(
    request: HttpRequest, name: str, *, max_bytes: int, too_big: str
) -> tuple[QueryDict, bytes]:
    """The fields of a POSTed form, and the file in its field `name`; errors as of `one_file`."""
    if request.content_type != "multipart/form-data":
        raise HttpError(415, _("The body must be multipart/form-data."))
    if _length(request) > max_bytes + FIELDS_BYTES:
        raise HttpError(413, too_big)
    only = QueryDict(mutable=True)
    for other in set(request.FILES) - {name}:
        only[other] = ""
    return request.POST, _only(only, request.FILES, name, max_bytes, too_big)


def _length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() else 0


def _parsed(request: HttpRequest) -> tuple[QueryDict, _Files]:
    handlers = request.upload_handlers
    try:
        return MultiPartParser(request.META, request, handlers, request.encoding).parse()
    except MultiPartParserError as error:
        raise HttpError(400, _("The body can't be read: %s") % error) from error


def _only(fields: QueryDict, files: _Files, name: str, max_bytes: int, too_big: str) -> bytes:
    given = files.getlist(name)
    if len(given) != 1:
        raise ValidationError({name: _("This field needs exactly one file.")})
    for other in {*fields, *files} - {name}:
        raise ValidationError({other: _("There is no such field.")})
    body: bytes = given[0].read(max_bytes + 1)
    if len(body) > max_bytes:
        raise HttpError(413, too_big)
    return body


def schema(name: str, description: str, fields: type[Documented] | None = None) -> dict[str, Any]:
    """The request body in OpenAPI: a file with its description, and the other fields of a form."""
    known = fields.model_json_schema() if fields else {}
    file = {"type": "string", "format": "binary", "description": description}
    body = {
        "type": "object",
        "required": [name, *known.get("required", [])],
        "properties": {name: file | {"examples": [_FILE]}, **known.get("properties", {})},
    }
    example = {name: _FILE, **(fields.example if fields else {})}
    content = {"multipart/form-data": {"schema": body, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_FILE = "(the bytes of the file)"
