"""Notes: what a write did otherwise than it was asked, or what its writer should know.

A write that succeeds may still have left something out, or changed it. Whoever reads, checks or stores
what was given adds a reason to the notes of the row, and whoever answers says them in the reader's
language: `notes` in the API, messages in the admin, the report of an import.
"""

from __future__ import annotations

from collections.abc import Iterator

from ghost.core.text.reasons import Reason


class Notes:
    """Reasons in the order in which they came, each once."""

    def __init__(self) -> None:
        self._found: dict[Reason, None] = {}

    def add(self, *reasons: Reason) -> None:
        """Say these as well."""
        self._found.update(dict.fromkeys(reasons))

    def __iter__(self) -> Iterator[Reason]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
