"""Who held the database's write lock for long: SQLite has one, and all writers wait for it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from types import FrameType

from django.conf import settings

OURS = frozenset({"ghost", "teams", "resources", "dht", "builds", "bench", "tests"})
WITHOUT = ("ghost.core.db.", "ghost.core.measurements.")
"""They stand between, whoever it is."""
NAMED_CALLERS = 3

logger = logging.getLogger(__name__)


def tell(seconds: float) -> None:
    """Log a transaction that is over, if it was as long as GHOST_SLOW_TRANSACTION_S."""
    if seconds >= settings.GHOST.slow_transaction_s:
        logger.warning("the write lock was held for %.3f s by %s", seconds, holder())


def holder() -> str:
    """The functions of ours that are being carried out, from the inside out."""
    return " < ".join(_callers(sys._getframe(1))) or "somebody"


def _callers(frame: FrameType | None) -> Iterator[str]:
    left = NAMED_CALLERS
    while frame is not None and left:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in OURS and not module.startswith(WITHOUT):
            yield f"{module}.{frame.f_code.co_qualname}"
            left -= 1
        frame = frame.f_back
