"""The tables of Ghost's floor; each stands with its rules in the module of its noun."""

from ghost.audit import AuditEvent
from ghost.events import Event
from ghost.idempotency import Answer
from ghost.jobs import Job, Part
from ghost.rates import Usage
from ghost.streams import Stream

__all__ = ["Answer", "AuditEvent", "Event", "Job", "Part", "Stream", "Usage"]
