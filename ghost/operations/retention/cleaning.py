"""Removing what is beyond its bound, and telling beforehand how much that is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from ghost.core.errors import OutageError
from ghost.core.text.reasons import NONE, Plain, ReasonCode, words
from ghost.operations.retention import (
    folders,
    history,
    measurements,
    messages,
    sign_ins,
    traffic,
    trail,
)
from ghost.operations.retention.bound import Bound, Every, Outcome

log = logging.getLogger(__name__)

BOUNDS: tuple[Bound, ...] = (
    *history.BOUNDS,
    *trail.BOUNDS,
    *traffic.BOUNDS,
    *measurements.BOUNDS,
    *messages.BOUNDS,
    *sign_ins.BOUNDS,
    *folders.BOUNDS,
)
REMOVED = ReasonCode("retention.removed", _("%(what)s: %(number)s"))
FAILED = ReasonCode("retention.failed", _("What is old could not be removed (%(what)s): %(why)s"))


def preview(days: int | None = None) -> list[Outcome]:
    """How much is beyond each bound now. `days`: as in `clean`."""
    return [_outcome(each, lambda b: b.preview(b.before(days))) for each in BOUNDS]


def clean(days: int | None = None, *, every: Every | None = None) -> list[Outcome]:
    """Remove what is beyond each bound, or those of one schedule; what could not be removed does not
    keep the others. `days`: keep history for so long, if that is less than GHOST_KEEP_DAYS.
    """
    bounds = [each for each in BOUNDS if every in (None, each.every)]
    return [_outcome(each, lambda b: b.prune(b.before(days))) for each in bounds]


def said(outcomes: Iterable[Outcome]) -> list[Plain]:
    """What was removed, as a worker keeps it; nothing of what had nothing."""
    found = [each for each in outcomes if each.number]
    return [REMOVED(what=each.title, number=each.number).plain() for each in found]


def require(outcomes: Iterable[Outcome]) -> None:
    """OutageError if something could not be removed."""
    failed = next((each for each in outcomes if each.error), None)
    if failed is not None:
        raise OutageError(FAILED(what=failed.title, why=failed.error))


def _outcome(bound: Bound, count: Callable[[Bound], int]) -> Outcome:
    try:
        return Outcome(bound, count(bound), NONE)
    except (DatabaseError, OSError) as error:
        log.exception("What is beyond the bound of %s could not be removed or counted", bound.name)
        return Outcome(bound, 0, words(f"{type(error).__name__}: {error}"))
