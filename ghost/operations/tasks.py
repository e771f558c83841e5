"""What the queue runs for the installation as a whole. Safe to run twice."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings

from builds import covers
from ghost.core.errors import GhostError
from ghost.core.text.reasons import NOTHING_TO_DO, Plain
from ghost.operations import digest, reasons, retention
from ghost.operations.backups import Kind, register
from ghost.operations.git_backup import backup
from ghost.operations.retention import Every


def back_up(kind: str = Kind.FULL) -> Plain:
    """Make a backup, read it whole where its key is at hand, and bring it to the second place."""
    made = register.create(Kind(kind))
    name = made.path.name
    told = reasons.BACKUP_WRITTEN(name=name)
    if register.is_readable(made):
        told = reasons.BACKUP_PROVEN(name=name, number=register.read_whole(made))
    with suppress(GhostError):  # noted with the backup, and tried again by `copy_backups`
        register.copy_due()
    return told.plain()


def prove_backup(name: str = "") -> Plain:
    """By the clock: restore a backup to where it goes away and count; the newest if none is named."""
    if name:
        return register.prove(settings.GHOST.backup_dir / name).told().plain()
    return register.prove_newest().plain()


def copy_backups() -> Plain:
    """By the clock: bring to the second place what does not lie there yet."""
    return register.copy_due().plain()


def back_up_to_git() -> list[Plain]:
    """Commit the public catalog as text, and push it."""
    return backup.run().plain()


def send_digest() -> Plain:
    """By the clock: mail what was published, what is dying and what needs care since the last time."""
    number = digest.send()
    return reasons.DIGEST_WRITTEN(number=number).plain() if number else NOTHING_TO_DO().plain()


def prune_events() -> Plain | list[Plain]:
    """By the clock, every ten minutes: remove what nobody comes back for any more."""
    return _clean(Every.TEN_MINUTES)


def drop_ended_sessions() -> Plain | list[Plain]:
    """By the clock, every hour: remove ways in that are closed."""
    return _clean(Every.HOUR)


def prune() -> Plain | list[Plain]:
    """By the clock, every day: remove what is beyond its bound (`ghost.operations.retention`), and have
    covers fetched again that are lost, or that an earlier version drew."""
    kept = covers.tidy()
    found = {reasons.COVERS_LOST: kept["lost"], reasons.COVERS_OUTDATED: kept["outdated"]}
    mended = [code(number=number).plain() for code, number in found.items() if number]
    return _clean(Every.DAY, mended)


def clean_up(days: int | None = None) -> Plain | list[Plain]:
    """As somebody asked for: remove all that is beyond its bound, history after so many days."""
    return _said(retention.clean(days))


def _clean(every: Every, more: list[Plain] | None = None) -> Plain | list[Plain]:
    return _said(retention.clean(every=every), more)


def _said(
    outcomes: list[retention.Outcome], more: list[Plain] | None = None
) -> Plain | list[Plain]:
    """What was removed; OutageError if something could not be."""
    retention.require(outcomes)
    return [*retention.said(outcomes), *(more or [])] or NOTHING_TO_DO().plain()
