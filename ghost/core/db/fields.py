"""Columns whose value is made fit before it is judged."""

from __future__ import annotations

from typing import Any

from django.db import models

from ghost.core.text.unicode import folded, one_line


class LineField(models.CharField[str, str]):
    """A text of one line, as `one_line` makes it: its length counts after that."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """The line; what is no text is left to Django."""
        return one_line(value) if isinstance(value, str) else super().to_python(value)


class FoldedField(models.TextField[str, str]):
    """Another field's text, as searches compare it (`folded`): made anew whenever a row is saved.

    A queryset's `update()` of that other field has to set this one too.
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
        value = folded(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, value)
        return value
