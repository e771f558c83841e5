"""What a rule found."""

from __future__ import annotations

from dataclasses import dataclass

from ghost.core.text.reasons import NONE, Reason
from ghost.operations.alerts.levels import Level

MAX_SUBJECT_CHARS = 200


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: by which rule, with what, why, and what to do."""

    rule: str
    subject: str
    level: Level
    reason: Reason
    advice: Reason = NONE
