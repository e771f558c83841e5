"""What is told without a database: that it does not answer, or lets nobody write.

No row can be claimed then. So of each host one process tells, once: the first to make a file in GHOST_SECRETS_DIR;
and whoever takes the file away, once the database answers, tells that it is over. Operators'
addresses are those that this process saw last.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import translation
from django.utils.translation import gettext as _

from ghost.core.db import migrations_state
from ghost.core.db.threads import DatabaseThread
from ghost.core.errors import GhostError
from ghost.core.text.reasons import Reason, words
from ghost.operations.alerts import rules, sentences
from ghost.operations.channels import targets
from ghost.operations.channels.message import Message
from ghost.operations.channels.targets import Target
from ghost.operations.figures import sentences as of_figures
from ghost.operations.figures.database import database_state

TOLD_AFTER_S = 60.0
"""A restart of the database takes less."""
IN_A_ROW_S = 150.0
"""Failures that are further apart don't belong together."""
TRIES, PAUSE_S = 3, 20.0
_RULE = "database-unreachable"

log = logging.getLogger(__name__)


class _Seen:
    """What this process knows: since when the database is away (monotonic), and whom to tell."""

    away_since: float | None = None
    failed_at = 0.0
    everybody: tuple[Target, ...] = ()


def file() -> Path:
    """It is there while it has been told that the database is away."""
    return settings.GHOST.secrets_dir / "database-away.json"


def failed(error: DatabaseError, began: float | None = None) -> None:
    """The database did not do what was asked of it, from `began` (monotonic) on: if that has been so
    for a minute, it is told."""
    now = time.monotonic()
    began = now if began is None else began
    if _Seen.away_since is None or now - _Seen.failed_at > IN_A_ROW_S:
        _Seen.away_since = began
    _Seen.failed_at = now
    if now - _Seen.away_since >= TOLD_AFTER_S and not _is_being_migrated() and _make():
        _tell(lambda: _away(error))


def succeeded() -> None:
    """It has written a row: what was told is over."""
    _Seen.away_since = None
    _Seen.everybody = tuple(targets.everybody())
    if file().exists():
        since = _read()
        with suppress(FileNotFoundError):
            file().unlink()
            _tell(lambda: _back(since))


def _is_being_migrated() -> bool:
    """A table that is missing during an upgrade is no database that is away."""
    try:
        return not migrations_state.is_migrated()
    except DatabaseError:
        return False


def _make() -> bool:
    """Whether this process is the one to tell: the first to make the file."""
    try:
        with file().open("x") as made:
            json.dump({"since": datetime.now(UTC).isoformat()}, made)
    except OSError:
        return False
    return True


def _read() -> str:
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads(file().read_text())["since"])
    return ""


def _tell(what: Callable[[], Message]) -> None:
    with translation.override(settings.GHOST.message_language):
        message = what()
    log.error("%s", message.subject)
    to = _Seen.everybody or _from_configuration()
    DatabaseThread(lambda: _send(message, to), name="blackout").start()


def _from_configuration() -> tuple[Target, ...]:
    with suppress(DatabaseError):
        return tuple(targets.everybody())
    return tuple(targets.without_database())


def _send(message: Message, to: tuple[Target, ...]) -> None:
    left = list(to)
    for _try in range(TRIES):
        left = [target for target in left if not _is_sent(target, message)]
        if not left:
            return
        time.sleep(PAUSE_S)


def _is_sent(target: Target, message: Message) -> bool:
    try:
        target.send(message)
    except GhostError as error:
        log.warning("%s %s: %s", target.channel, target.name, error.reason.english)
        return False
    return True


def _away(error: DatabaseError) -> Message:
    rule = rules.RULES[_RULE]
    said = _words(error)
    lines = [str(sentences.DATABASE_AWAY(error=said)), "", str(of_figures.START_DATABASE()), ""]
    return _message(str(rule.title), [*lines, rule.runbook_path], "firing")


def _words(error: DatabaseError) -> Reason:
    """What it said. SQLite names no address: that it is locked, or its disk full."""
    if connection.vendor == "sqlite" and str(error):
        return words(str(error))
    return database_state.away(error).last_error


def _back(since: str) -> Message:
    title = _("Over: %s") % rules.RULES[_RULE].title
    return _message(title, [_("Since: %s") % since] if since else [], "over")


def _message(title: str, lines: list[str], event: str) -> Message:
    site = settings.GHOST.site_title
    data: dict[str, Any] = {
        "event": event, "site": site, "alert": {"rule": _RULE, "title": title, "level": "critical"},
    }  # fmt: skip
    return Message(f"[{site}] {title}", "\n".join([title, *lines]) + "\n", data=data)
