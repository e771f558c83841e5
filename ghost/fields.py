"""Columns whose value is made fit before it is judged."""

from __future__ import annotations

from typing import Any

from django.db import models

from ghost.words import one_line


class LineField(models.CharField[str, str]):
    """A text of one line, as `one_line` makes it: its length counts after that."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401  # Django's
        """The line; what is no text is left to Django."""
        return one_line(value) if isinstance(value, str) else super().to_python(value)
