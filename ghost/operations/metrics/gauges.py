"""Which gauges are made of the items of figures: plain data.

A count that stands in none of these tables is told all the same, under the names of its item and its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ghost.core.circuits import Kind


@dataclass(frozen=True)
class OfCounts:
    """A gauge of an item's counts. With a label it has a value for each of some counts; without one
    there is one count."""

    name: str
    help: str
    item: str
    counts: Mapping[str, str]
    """The value of the label, by the count's name."""
    label: str = ""


@dataclass(frozen=True)
class OfRows:
    """A gauge of an item's rows: a value for each."""

    name: str
    help: str
    item: str
    column: str
    """A number, a truth or a moment; a row without one is left out."""
    labels: Mapping[str, str]
    """The column, by the label's name."""
    is_percent: bool = False
    """It is told as a ratio, from 0 to 1."""

    def told(self, row: Mapping[str, Any]) -> Any:  # noqa: ANN401  # whatever kind of value it is
        """What is told of this row."""
        return row[self.column] / 100 if self.is_percent else row[self.column]


def _one(name: str, told: str, item: str, count: str) -> OfCounts:
    return OfCounts(name, told, item, {count: ""})


def _each(name: str, told: str, item: str, label: str, *counts: str) -> OfCounts:
    return OfCounts(name, told, item, {count: count for count in counts}, label)


OF_COUNTS: tuple[OfCounts, ...] = (
    _each("ghost_worker_hosts", "Worker hosts; dead: silent for 90 s.", "workers", "state", "living", "dead"),
    _one("ghost_worker_processes", "Processes of the worker hosts that live.", "workers", "processes"),
    _one("ghost_worker_processes_busy", "Those that run a task.", "workers", "busy"),
    _each("ghost_web_groups", "Web servers; dead: silent for 90 s.", "web", "state", "living", "dead"),
    _one("ghost_web_processes", "Processes of the web servers that live.", "web", "processes"),
    _each("ghost_queue_tasks", "Tasks in the queue.", "queue", "state", "waiting", "running"),
    _one(
        "ghost_queue_longest_wait_seconds", "Since when the first task waits.", "queue", "longest_wait_s"
    ),
    _one(
        "ghost_queue_failed_tasks", "Tasks that failed within the last day.", "queue",
        "failed_within_a_day",
    ),
    _one("ghost_queue_paused", "1 while the queue is paused.", "queue", "paused"),
    _each(
        "ghost_tasks_of_last_hour", "Tasks that ended within the last hour, and those of them that failed.",
        "jobs", "state", "ended", "failed",
    ),
    _each(
        "ghost_schedules", "What runs by the clock; failed: its last run did.", "schedules", "state",
        "scheduled", "overdue", "failed", "paused",
    ),
    _one("ghost_build_pending", "1 if something is to be built.", "build", "pending"),
    _one("ghost_site_pages", "Pages of the public site.", "build", "pages"),
    _one("ghost_site_files", "Files of the public site.", "build", "files"),
    _one("ghost_site_bytes", "Size of the public site.", "build", "bytes"),
    _each(
        "ghost_deployment_targets", "Targets that the site is deployed to, by their last try.",
        "deployments", "state", "waiting", "done", "failed", "held",
    ),
    _one("ghost_backups", "Backups that are kept.", "backups", "kept"),
    _one("ghost_backup_bytes", "Size of the last backup.", "backups", "last_bytes"),
    _one("ghost_backup_age_seconds", "Age of the last backup.", "backups", "age_s"),
    _one(
        "ghost_backup_verified_age_seconds", "Since when no backup was proven to be readable.",
        "backups", "verified_age_s",
    ),
    _one(
        "ghost_backup_proven_age_seconds", "Since when no backup was restored on trial.", "backups",
        "proven_age_s",
    ),
    _one("ghost_backup_proven", "1 if the last restore on trial went well.", "backups", "is_proven"),
    _one("ghost_backup_proven_rows", "Rows that it counted.", "backups", "proven_rows"),
    _one(
        "ghost_backups_uncopied", "Backups that do not lie at the second place.", "backups", "uncopied"
    ),
    _one("ghost_dht_nodes", "Nodes of the DHT that the workers know.", "dht", "nodes"),
    _each(
        "ghost_circuits", "What failed outside; open: it is left alone for a while.", "circuits",
        "state", "open", "failing",
    ),
    OfCounts(
        "ghost_open_circuits", "What is left alone for a while, by what it is.", "circuits",
        {f"open_{kind}": str(kind) for kind in Kind}, "kind",
    ),
    _one("ghost_machine_problems", "Folders and programs that can't be used.", "machine", "problems"),
)  # fmt: skip

_HOST = {"host": "host"}
_DISK = _HOST | {"folder": "name"}
_SCHEDULE = {"schedule": "name"}

OF_ROWS: tuple[OfRows, ...] = (
    OfRows(
        "ghost_schedule_last_run_timestamp_seconds", "When a schedule's last run ended.", "schedules",
        "last_run_at", _SCHEDULE,
    ),
    OfRows(
        "ghost_schedule_overdue", "1 if a schedule should have run by now.", "schedules", "is_overdue",
        _SCHEDULE,
    ),
    OfRows("ghost_disk_free_bytes", "Space left on a disk.", "disk", "free_bytes", _DISK),
    OfRows("ghost_disk_size_bytes", "Size of a disk.", "disk", "total_bytes", _DISK),
    OfRows(
        "ghost_disk_free_files_ratio", "Files that may still be made on a disk, of all that it can hold.",
        "disk", "free_files_percent", _DISK, is_percent=True,
    ),
    OfRows("ghost_host_memory_bytes", "Memory of a host.", "memory", "total_bytes", _HOST),
    OfRows(
        "ghost_host_memory_available_bytes", "Memory of a host that can still be had.", "memory",
        "available_bytes", _HOST,
    ),
    OfRows(
        "ghost_host_ghost_memory_bytes", "Memory that Ghost's processes take on a host.", "memory",
        "ghost_bytes", _HOST,
    ),
    OfRows("ghost_host_cores", "Processors that Ghost may use on a host.", "cpu", "cores", _HOST),
    OfRows(
        "ghost_host_cpu_ratio", "Share of its processors' time that a host was busy in the last five"
        " minutes.", "cpu", "cpu_percent", _HOST, is_percent=True,
    ),
    OfRows("ghost_host_load1", "Load of a host, mean of one minute.", "cpu", "load_1m", _HOST),
    OfRows("ghost_host_load5", "Load of a host, mean of five minutes.", "cpu", "load_5m", _HOST),
    OfRows("ghost_host_load15", "Load of a host, mean of 15 minutes.", "cpu", "load_15m", _HOST),
    OfRows(
        "ghost_host_clock_ahead_seconds", "How far a worker host's clock is before the database's.",
        "workers", "clock_ahead_s", _HOST,
    ),
)  # fmt: skip

LEFT_OUT = {
    ("jobs", "failed_share"),
    ("disk", "disks"), ("disk", "least_free_percent"), ("disk", "least_free_bytes"), ("cpu", "hosts"),
    ("cpu", "most_percent"), ("cpu", "most_load_per_core"), ("memory", "hosts"),
    ("memory", "least_available_percent"), ("memory", "ghost_bytes"), ("machine", "hosts"), ("web", "busy"),
}  # fmt: skip
"""Counts that other gauges tell in more detail."""


@dataclass(frozen=True)
class OfCatalog:
    """A gauge of what the watch counted last (`ghost.operations.stats.counting`): one number, or one for
    each value of a label."""

    name: str
    help: str
    count: str
    label: str = ""


OF_CATALOG: tuple[OfCatalog, ...] = (
    OfCatalog("ghost_resources", "Resources, by where they stand.", "resources_by_state", "state"),
    OfCatalog("ghost_live_resources", "Public resources, by health.", "live_by_health", "health"),
    OfCatalog(
        "ghost_live_resources_by_seeds", "Public resources, by band of seeds.", "live_by_seeds", "seeds"
    ),
    OfCatalog(
        "ghost_probed_resources", "Resources that were not taken down, by their last probe.",
        "standing_by_probe", "result",
    ),
    OfCatalog("ghost_live_content_bytes", "What the torrents of public resources hold.", "live_bytes"),
    OfCatalog("ghost_categories", "Categories.", "categories"),
    OfCatalog("ghost_tags", "Tags of the public site.", "tags"),
    OfCatalog("ghost_teams", "Teams.", "teams"),
    OfCatalog("ghost_tokens", "Tokens that can be used.", "tokens_by_role", "role"),
    OfCatalog("ghost_blocked_hashes", "Hashes that are blocked.", "blocked_hashes"),
)  # fmt: skip
