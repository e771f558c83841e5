"""Circuits: who failed so often that it is left alone for a while. Leans on core.jobs, core.audit and core.events.

Before something outside is asked, `claim` says whether it may be; after it, `succeeded` or `failed`
is told. They stand in the database, so that all processes and hosts agree.
"""

from __future__ import annotations

from ghost.core.circuits.kinds import Kind
from ghost.core.circuits.models import Circuit
from ghost.core.text.reasons import Reason

__all__ = ["Circuit", "Kind", "claim", "failed", "is_open", "succeeded"]


def is_open(kind: Kind, name: str) -> bool:
    """Whether nobody is to ask it now: it rests, or one process tries it. One query."""
    return Circuit.objects.named(kind, name).unavailable().exists()


def claim(kind: Kind, name: str) -> bool:
    """Whether the caller may ask it now. Anybody may while it is closed; when a pause is over, one
    caller, until it tells the outcome or `Policy.trial` has passed."""
    return Circuit.objects.claim(kind, name)


def failed(kind: Kind, name: str, reason: Reason, *, retry_after_s: float | None = None) -> None:
    """It did not answer as it should, and asked to be left alone for so many seconds."""
    Circuit.objects.note_failure(kind, name, reason, retry_after_s)


def succeeded(kind: Kind, name: str) -> None:
    """It answered: whatever was held against it is forgotten. One query where nothing was."""
    Circuit.objects.note_success(kind, name)
