"""Plain values, in one line for people."""

from __future__ import annotations

import json

MAX_CHARS = 300


def shortened(value: object) -> str:
    """A task's arguments or result in one line."""
    if value is None or value == []:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "…"
