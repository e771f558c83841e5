"""How often the progress of a job is written down and told."""

from __future__ import annotations

import time

INTERVAL_S = 1.0
MAX_KEYS = 1000

_last: dict[str, tuple[str, float]] = {}
"""By subject or task: the stage that was told last, and when."""


def is_due(key: str, stage: str) -> bool:
    """Whether a stage of this task or subject is to be told: a new one, or after INTERVAL_S."""
    last, at = _last.get(key, ("", 0.0))
    now = time.monotonic()
    if stage == last and now - at < INTERVAL_S:
        return False
    if len(_last) >= MAX_KEYS:
        _last.clear()
    _last[key] = stage, now
    return True
