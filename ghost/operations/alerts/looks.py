"""What the rules look at: from items of the figures to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ghost.core.circuits import Kind
from ghost.core.text.reasons import Reason, ReasonCode, words
from ghost.operations.alerts import sentences
from ghost.operations.alerts.findings import MAX_SUBJECT_CHARS, Finding
from ghost.operations.alerts.levels import Level
from ghost.operations.figures import Item, Status
from ghost.operations.figures import sentences as of_figures
from ghost.operations.figures.machines import disk_space
from ghost.operations.figures.queue import ended_tasks

SHORT_BYTES = 2 << 30
"""More memory than this is not little, whatever part of a host it is."""


@dataclass(frozen=True)
class Found:
    """A finding before its rule puts its name to it."""

    reason: Reason
    advice: Reason
    level: Level = Level.WARNING
    subject: str = ""

    def by(self, rule: str) -> Finding:
        """The finding of this rule."""
        subject = self.subject[:MAX_SUBJECT_CHARS]
        return Finding(rule, subject, self.level, self.reason, self.advice)


Look = Callable[[Item, float], Iterable[Found]]
"""What is wrong, of this item, by this limit."""


def bad(*codes: ReasonCode, but: Iterable[ReasonCode] = ()) -> Look:
    """Where the item is bad: for these reasons alone, or for all but those."""
    wanted, others = {code.code for code in codes}, {code.code for code in but}

    def look(item: Item, limit: float) -> Iterator[Found]:
        is_meant = not wanted or item.reason.code in wanted
        if item.is_bad and is_meant and item.reason.code not in others:
            yield of(item)

    return look


def named(item: Item, limit: float) -> Iterator[Found]:
    """The item, where it is bad, by its name: for a rule that looks at several."""
    if item.is_bad:
        yield of(item, item.name)


def of(item: Item, subject: str = "") -> Found:
    """What an item says of itself."""
    reason = item.reason
    if item.last_error:
        reason = sentences.WITH_ERROR(reason=item.reason, error=item.last_error)
    return Found(reason, item.advice, Level.of(item.status), subject)


def disks(item: Item, limit: float) -> Iterator[Found]:
    """Disks with less than `limit` percent free; a large one only when it has little left besides."""
    for row in item.rows:
        is_low = row["free_percent"] < limit and row["free_bytes"] < disk_space.LOW_BYTES
        lacks_files = row["free_files_percent"] < disk_space.FULL_PERCENT
        if is_low or lacks_files:
            is_full = row["free_percent"] < disk_space.FULL_PERCENT or lacks_files
            told = sentences.DISK_FILES if lacks_files and not is_low else sentences.DISK_LOW
            percent = row["free_files_percent" if told is sentences.DISK_FILES else "free_percent"]
            yield Found(
                told(percent=percent, host=row["host"]), of_figures.MAKE_SPACE(),
                Level.CRITICAL if is_full else Level.WARNING, f"{row['name']} ({row['host']})",
            )  # fmt: skip


def memory(item: Item, limit: float) -> Iterator[Found]:
    """Hosts with less than `limit` percent of their memory available."""
    for row in item.rows:
        if row["available_percent"] < limit and row["available_bytes"] < SHORT_BYTES:
            told = sentences.MEMORY_LOW(percent=row["available_percent"])
            yield Found(told, of_figures.FREE_MEMORY(), subject=row["host"])


def cpu(item: Item, limit: float) -> Iterator[Found]:
    """Hosts whose processors are busy by `limit` percent or more."""
    for row in item.rows:
        if row["cpu_percent"] >= limit:
            told = sentences.CPU_BUSY(percent=row["cpu_percent"])
            yield Found(told, of_figures.EASE_CPU(), subject=row["host"])


def queue(item: Item, limit: float) -> Iterator[Found]:
    """Something has waited for its turn for more than `limit` minutes."""
    waited_min = item.counts.get("longest_wait_s", 0) / 60
    if waited_min > limit:
        told = sentences.QUEUE_LONG(
            minutes=round(waited_min), waiting=int(item.counts.get("waiting", 0))
        )
        yield Found(told, of_figures.MORE_WORKERS())


def task_failures(item: Item, limit: float) -> Iterator[Found]:
    """`limit` percent of the tasks of the last hour failed, or more, and not just one or two."""
    counts = item.counts
    ended, failed = int(counts.get("ended", 0)), int(counts.get("failed", 0))
    if failed >= ended_tasks.LEAST_FAILED and 100 * failed / ended >= limit:
        told = sentences.TASKS_FAIL(failed=failed, ended=ended)
        yield Found(told, of_figures.LOOK_AT_FAILED())


def falling(item: Item, limit: float) -> Iterator[Found]:
    """The share of Active is lower by more than `limit` points than it was."""
    counts = item.counts
    if counts.get("fall_points", 0) > limit:
        told = of_figures.SWARMS_FELL(
            percent=counts["active_percent"], before=counts["before_percent"]
        )
        yield Found(told, of_figures.LOOK_AT_SWARMS())


TOLD_BY_THEIR_ITEMS = (Kind.DEPLOY_TARGET, Kind.GIT_BACKUP)
"""Their failures are those of `deployments` and `git_backup`: one cause, one alert."""


def circuits(item: Item, limit: float) -> Iterator[Found]:
    """Circuits that are open, as one finding for each kind: what publishers name are often many hosts at once."""
    for kind, rows in _by_kind(item.rows).items():
        names = of_figures.listed([str(row["name"]) for row in rows])
        reason = sentences.CIRCUITS_OPEN(names=names, error=rows[0]["last_error"] or words("–"))
        yield Found(reason, of_figures.MEND_CIRCUIT(), subject=kind)


def _by_kind(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["needs_care"] and row["kind"] not in TOLD_BY_THEIR_ITEMS:
            found.setdefault(str(row["kind"]), []).append(row)
    return found


def deployments(item: Item, limit: float) -> Iterator[Found]:
    """Targets that don't have the site, each by itself."""
    if item.is_bad:
        names = [
            str(row["name"])
            for row in item.rows
            if row.get("last_error") or row.get("failed_tries")
        ]
        for name in names or [""]:
            yield of(item, name)


def workers(item: Item, limit: float) -> Iterator[Found]:
    """Nobody works: no worker host was heard of for `limit` seconds, or what runs there is its watch alone."""
    if item.status == Status.DOWN:
        yield of(item)
        return
    silent_s = item.counts.get("silent_s")
    if silent_s is not None and silent_s > limit:
        told = sentences.WORKERS_SILENT(seconds=round(silent_s))
        yield Found(told, of_figures.START_WORKER(), Level.CRITICAL)
