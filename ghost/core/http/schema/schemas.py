"""What the API's schemas of all apps are made of: bounds, moments, problems.

Input refuses fields that it doesn't know, so that a typing error is told and not lost. Ids and
flags in a body are strict: `"5"` is not 5.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import errors
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from ghost.core import moments
from ghost.core.http.schema.schema_sentences import explain_pattern

Model = TypeVar("Model", bound=BaseModel)

MAX_ID = 2**63 - 1
MAX_PAGE = 1000
MAX_FIELDS = 50
"""Of one object in a body: each that is unknown has an error of its own."""
NO_NUL = explain_pattern(r"^[^\x00]*$", gettext_lazy("may not contain a NUL character"))
"""PostgreSQL can't store a NUL character in a text."""
ABSENT: Any = None
"""Default of a field that may be left out but is not nullable; told apart by `exclude_unset`."""

_DATE_TIME = {"type": "string", "format": "date-time"}
_DATE_TIME_IN = _DATE_TIME | {
    "formatMinimum": moments.EARLIEST.isoformat(),
    "formatExclusiveMaximum": moments.END.isoformat(),
}
"""With the bounds as ajv-formats names them: JSON Schema has no words of its own for those of a date."""


def _shown(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _composed(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""1.0 is an integer to JSON Schema; texts and flags are none. After the bounds, or the schema lacks
them."""
COMPOSED = BeforeValidator(_composed)
"""Lengths count as the text is kept: in NFC."""

Id = Annotated[int, Field(ge=1, le=MAX_ID, strict=True), WHOLE]
PathId = Annotated[int, Field(ge=1, le=MAX_ID)]
Text = Annotated[str, StringConstraints(pattern=NO_NUL)]
Name = Annotated[str, COMPOSED, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]
HASH = explain_pattern(
    r"^[0-9a-f]{64}$", gettext_lazy("must be a token's hash: 64 digits of 0-9 and a-f")
)
TokenHash = Annotated[str, StringConstraints(pattern=HASH)]
MomentIn = Annotated[
    AwareDatetime,
    BeforeValidator(moments.read),
    WithJsonSchema(_DATE_TIME_IN),
]
"""A moment with a zone (RFC 3339); without one it is refused."""
Moment = Annotated[datetime, PlainSerializer(_shown, return_type=str), WithJsonSchema(_DATE_TIME)]
"""A moment as it is answered: UTC, `+00:00`."""

ReasonText = Annotated[str, BeforeValidator(str)]
"""A stored reason (`ghost.core.text.reasons`), in the language of the request."""

NoteTexts = Annotated[list[str], BeforeValidator(lambda notes: [str(note) for note in notes])]
"""Notes of a write (`ghost.core.text.notes`), in the language of the request."""


def show_example(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put the model's example into its JSON schema, whole and beside each property."""
    example = getattr(model, "example", {})
    for name, shown in schema.get("properties", {}).items():
        if name in example:
            shown["examples"] = [example[name]]
    if example:
        schema["examples"] = [example]


class Documented(BaseModel):
    """A schema that explains itself: the text below a field is its description, and `example` shows
    all fields together."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra=show_example)
    example: ClassVar[dict[str, Any]] = {}


class In(Documented):
    """A request body. Unknown fields are refused, each with an error of its own up to MAX_FIELDS."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_bounded(cls, values: object) -> object:
        if isinstance(values, dict) and len(values) > MAX_FIELDS:
            raise ValueError(_("there are too many fields"))
        return values


class Out(Documented):
    """An answer, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


class Page(Documented):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=MAX_PAGE)
    """Maximum number of rows on the page."""
    cursor: int | None = Field(None, ge=1, le=MAX_ID)
    """Where the page starts. Take it from the `Link` header of the previous page."""

    example: ClassVar = {"limit": 50, "cursor": 1200}


class FieldProblem(Documented):
    """What is wrong with one field of the request."""

    field: str
    """Path of the field, such as `tags.3`; empty if the request as a whole is at fault."""
    message: str
    """What is wrong with it, for people to read."""

    example: ClassVar = {
        "field": "title",
        "message": "must not be empty",
    }


class Problem(Documented):
    """What went wrong (RFC 9457)."""

    type: str
    """Kind of problem: `about:blank` if the status says it all, else a URN such as
    `urn:ghost:problem:duplicate`."""
    title: str
    """Short name of the kind of problem."""
    status: int
    """HTTP status code, as on the response itself."""
    detail: str
    """What went wrong in this request, for people to read."""
    request_id: str
    """Identifies this request in the server's log; also in the `X-Request-ID` header."""
    errors: list[FieldProblem] | None = None
    """The fields at fault, where fields are at fault."""
    resource_id: int | None = None
    """With `urn:ghost:problem:duplicate`: the resource that already has this torrent, if the token
    may see it."""

    example: ClassVar = {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "title: must not be empty",
        "request_id": "9f1c2b7a4d5e6f70",
        "errors": [FieldProblem.example],
        "resource_id": None,
    }


def validated(model: type[Model], values: object) -> Model:
    """These values as that body; ninja's ValidationError, as of the body of a request."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        told = [{**each, "loc": ("body", "data", *each["loc"])} for each in found]
        raise errors.ValidationError(told) from error


def problems(*statuses: int) -> dict[int, type[Problem]]:
    """The `response` entries of an operation for errors that its shape doesn't tell: `ghost.api.openapi`
    adds the others."""
    return dict.fromkeys(statuses, Problem)
