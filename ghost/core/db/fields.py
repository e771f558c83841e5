"""Columns whose value is made fit before it is judged."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Contains
from django.utils.translation import gettext as _

from ghost.core.text import info_hashes
from ghost.core.text.folding import KEY_CHARS, MARK, fold, name_key
from ghost.core.text.reasons import NONE, Reason, read
from ghost.core.text.unicode import lines, one_line

R = TypeVar("R", bound=models.Model)
_MARKS = "".join(map(chr, range(0xFDD0, 0xFDF0)))


class LineField(models.CharField[str, str]):
    """A text of one line, as `one_line` makes it: its length counts after that."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """The line; what is no text is left to Django."""
        return one_line(value) if isinstance(value, str) else super().to_python(value)


class LinesField(models.TextField[str, str]):
    """A text of several lines, as `lines` makes it, whichever way it is written."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """The lines; what is no text is left to Django."""
        return lines(value) if isinstance(value, str) else super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """As they are stored."""
        return self.to_python(value)


class NameField(LineField):
    """A line that many pages show and addresses are made of: no info-hash, for what is taken down
    could stay in it."""

    def validate(self, value: Any, model_instance: models.Model | None) -> None:  # noqa: ANN401  # Django's
        """ValidationError if it names one."""
        super().validate(value, model_instance)
        require_no_hash(value)


def require_no_hash(text: str) -> None:
    """ValidationError if a name has an info-hash in it."""
    if info_hashes.named(text):
        raise ValidationError(_("A name can't have an info-hash in it."), code="info_hash")


class ReasonField(models.TextField[Reason, Reason]):
    """A `Reason` as JSON text (`Reason.stored`), empty where there is none. What else stands in the
    column, or was written by hand, is read as somebody's words."""

    empty_values = [*models.TextField.empty_values, NONE]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, **kwargs | {"default": NONE, "blank": True})

    def deconstruct(self) -> Any:  # noqa: ANN401  # Django's
        """What a migration writes down."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["default"], kwargs["blank"]
        return name, path, args, kwargs

    def from_db_value(self, value: str | None, *_: object) -> Reason | None:
        """The reason that the column holds; None where a join found no row."""
        if value == "":
            return NONE
        return value if value is None else read(value)

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """The reason, also of its stored text."""
        return read(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """As it is stored; a text, such as one that is searched for, stays as it is."""
        if value is NONE:
            return ""
        return value.stored() if isinstance(value, Reason) else value

    def value_to_string(self, obj: models.Model) -> str:
        """The stored JSON, for serializers such as `dumpdata`."""
        return str(self.get_prep_value(self.value_from_object(obj)))


class FoldedField(models.TextField[str, str]):
    """Another field's text, as searches compare it (`fold`): made anew whenever a row is saved.

    The column holds it behind the MARK of the fold's version, so that `ghost.core.db.refolding` finds what
    an earlier one made; rows and lookups show and take it without. A queryset's `update()` of that other
    field has to set this one too.
    """

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        self.of = of
        super().__init__(*args, **kwargs | {"default": "", "editable": False})

    def deconstruct(self) -> Any:  # noqa: ANN401  # Django's
        """What a migration writes down."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["default"], kwargs["editable"]
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001  # Django's
        """The other field's value, folded."""
        value = self.folded(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """What was folded, without the mark; None where a join found no row."""
        return value and value.lstrip(_MARKS)

    def get_prep_value(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """As it is stored, behind the mark."""
        return MARK + value if isinstance(value, str) else value

    def outdated(self, rows: models.QuerySet[R]) -> models.QuerySet[R]:
        """Those whose fold is of another version than this Ghost's."""
        return rows.exclude(**{f"{self.name}__startswith": MARK})

    def folded(self, text: str) -> str:
        """What the column has of a text, without the mark."""
        return fold(text)[: KEY_CHARS - len(MARK)]


@FoldedField.register_lookup
class Holds(Contains):
    """`title_folded__holds="Schitts"`: whether a text has this part, as the fold compares them. For the
    `search_fields` of the admin."""

    lookup_name = "holds"

    def get_prep_lookup(self) -> str:
        """The part, folded as the column is."""
        return str(self.lhs.output_field.folded(str(self.rhs)))

    def get_rhs_op(self, connection: Any, rhs: str) -> str:  # noqa: ANN401  # Django's
        """What databases know as `contains`."""
        return str(connection.operators["contains"] % rhs)


class NameKeyField(FoldedField):
    """Another field's name, as `name_key` has it: unique, so that no two rows have names alike."""

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:  # noqa: ANN401  # Django's
        super().__init__(*args, of=of, **kwargs | {"unique": True})

    def deconstruct(self) -> Any:  # noqa: ANN401  # Django's
        """What a migration writes down."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["unique"]
        return name, path, args, kwargs

    def folded(self, text: str) -> str:
        """The key of a name."""
        return name_key(text)
