"""What is told: worded once, for every way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """One text for people, and the same as values for programs."""

    subject: str
    text: str
    html: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What webhooks get, plain values for JSON."""
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Its own name: who gets it twice knows by it."""
