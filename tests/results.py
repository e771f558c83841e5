"""What a task returned, as it is shown."""

from __future__ import annotations

from ghost.core.text.reasons import put_into_words


def said(result: object) -> str:
    """A task's result in the active language."""
    return str(put_into_words(result))
