"""The rules, as data: what each looks at, by which limit, how long it has to be so, and where to read on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import ReasonCode
from ghost.operations.alerts import looks
from ghost.operations.alerts.findings import Finding
from ghost.operations.alerts.looks import Look, bad
from ghost.operations.figures import Figures, Item, Status
from ghost.operations.figures import sentences as told

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST_WAIT_S = 86_400


@dataclass(frozen=True)
class Limit:
    """A number from which on a rule holds; operators may set another."""

    default: float
    least: float
    most: float
    meaning: _StrPromise
    """What it counts, in the reader's language."""


@dataclass(frozen=True)
class Rule:
    """Something that operators are told of."""

    name: str
    """Fixed: interfaces and operators' filters rely on it."""
    title: _StrPromise
    items: tuple[str, ...]
    """What of the figures it looks at."""
    look: Look
    runbook: str
    """Its page in `docs/runbooks/`, without its ending."""
    page: str = ""
    """Where it is seen in the admin, below `/admin/`."""
    limit: Limit | None = None
    wait_s: int = 0
    stands_for: tuple[ReasonCode, ...] = ()
    """Reasons for which an item is bad by a limit of its own: here the rule's counts in their place."""

    @property
    def runbook_path(self) -> str:
        """The page of the run book, in the source."""
        return f"docs/runbooks/{self.runbook}.md"


_HEALTH = ""
"""The dashboard."""
_BUILDS, _DEPLOYMENTS = "builds/build/", "builds/deployment/"
_QUEUE, _SCHEDULES = "ghost/queueentry/", "django_q/schedule/"

_ALL = (
    Rule(
        "disk", _("Disk nearly full"), ("disk",), looks.disks, "disk-full", _HEALTH,
        Limit(10, 1, 90, _("percent free at least")), stands_for=(told.LOW, told.FULL),
    ),
    Rule(
        "memory", _("Memory nearly used up"), ("memory",), looks.memory,
        "memory-or-cpu-high", _HEALTH, Limit(10, 1, 90, _("percent available at least")), 300,
        (told.MEMORY_SHORT,),
    ),
    Rule(
        "cpu", _("Processors busy"), ("cpu",), looks.cpu, "memory-or-cpu-high", _HEALTH,
        Limit(95, 1, 100, _("percent busy at most")), 900, (told.CPU_BUSY,),
    ),
    Rule(
        "queue-backlog", _("Tasks wait for long"), ("queue",), looks.queue, "queue-long",
        _QUEUE, Limit(10, 1, 10_000, _("minutes that the first task may wait")),
        stands_for=(told.STUCK,),
    ),
    Rule(
        "task-failures", _("Many tasks fail"), ("jobs",), looks.task_failures,
        "job-failures", "django_q/failure/",
        Limit(20, 0, 99, _("percent of the last hour's tasks that may fail")),
        stands_for=(told.JOBS_FAILING,),
    ),
    Rule("build-failing", _("Build fails"), ("build",), bad(told.BUILD_FAILED), "build-failing", _BUILDS),
    Rule(
        "build-overdue", _("Build overdue"), ("build",), bad(but=[told.BUILD_FAILED]), "build-failing",
        _BUILDS,
    ),
    Rule(
        "backup-overdue", _("Backup failed or overdue"), ("backups",), bad(but=[told.BACKUP_UNPROVEN, told.PROOF_OVERDUE]), "backup-unverified", "ghost/backup/",
    ),
    Rule(
        "backup-unverified", _("Backups not proven"), ("backups",),
        bad(told.BACKUP_UNPROVEN, told.PROOF_OVERDUE), "backup-unverified", "ghost/backup/",
    ),
    Rule(
        "active-falling", _("Fewer swarms are active"), ("swarms",), looks.falling,
        "dht-empty", "dht/scan/", Limit(20, 1, 100, _("points of percent that the share may fall")),
        stands_for=(told.SWARMS_FELL,),
    ),
    Rule(
        "circuit-open", _("Something outside is left alone"),
        ("circuits",), looks.circuits, "circuit-open", "ghost/circuit/", stands_for=(told.OPEN,),
    ),
    Rule(
        "worker-gone", _("No worker"), ("workers",), looks.workers, "worker-gone", _HEALTH,
        Limit(60, 30, 3_600, _("seconds without a worker's heartbeat")),
    ),
    Rule(
        "schedules-overdue", _("Schedules overdue or failing"), ("schedules",), bad(), "worker-gone",
        _SCHEDULES,
    ),
    Rule(
        "service-down", _("Something needed does not work"),
        ("libtorrent", "redis", "machine"), looks.named, "start-and-stop", _HEALTH,
    ),
    Rule("dht-empty", _("DHT without nodes"), ("dht",), bad(), "dht-empty", "dht/scan/"),
    Rule(
        "deployment-rejected", _("Deployment failed or waits"),
        ("deployments",), looks.deployments, "deployment-rejected", _DEPLOYMENTS,
    ),
    Rule(
        "database-slow", _("Writers wait for the database"), ("writers",), bad(),
        "database-unreachable-or-locked", _HEALTH,
    ),
    Rule(
        "database-unreachable", _("Database does not answer"), ("database",), bad(),
        "database-unreachable-or-locked", _HEALTH,
    ),
    Rule(
        "worker-memory", _("Workers replaced for their memory"), ("processes",), bad(),
        "memory-or-cpu-high", _HEALTH,
    ),
    Rule(
        "clock", _("A clock is wrong"), ("workers",), bad(told.CLOCK_OFF, told.CLOCK_JUMPED), "worker-gone",
        _HEALTH,
    ),
    Rule("git-backup-failing", _("Git backup fails"), ("git_backup",), bad(), "backup-unverified", _HEALTH),
)  # fmt: skip
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}
"""By their names, in the order in which they are shown."""


def findings(
    figures: Figures, limits: Mapping[str, float], names: Iterable[str] = tuple(RULES)
) -> Iterator[Finding]:
    """What is wrong by the rules of these names, each with the limit in force. What one of the others decides, no
    rule of these tells in its place."""
    wanted = set(names)
    for item in figures.items:
        yield from (each for each in _of(item, limits) if each.rule in wanted)


def _of(item: Item, limits: Mapping[str, float]) -> Iterator[Finding]:
    """What is wrong with an item, by all rules that look at it; by the first of them for a reason that none decides."""
    readers = [rule for rule in _ALL if item.name in rule.items]
    found = [
        each.by(rule.name)
        for rule in readers
        if not is_unseen(item)
        for each in rule.look(item, _limit(rule, limits))
    ]
    yield from found
    if not found and readers and _is_untold(item, readers):
        yield looks.of(item, item.name).by(readers[0].name)


def _limit(rule: Rule, limits: Mapping[str, float]) -> float:
    return limits.get(rule.name, rule.limit.default if rule.limit else 0.0)


def unseen(figures: Figures) -> set[str]:
    """The rules of which nobody can tell now whether they hold."""
    names = {item.name for item in figures.items if is_unseen(item)}
    return {rule.name for rule in _ALL if names.intersection(rule.items)}


def is_unseen(item: Item) -> bool:
    """Whether an item says nothing of how things stand."""
    return item.status == Status.UNKNOWN or item.reason.code == told.CHECK_FAILED.code


def _is_untold(item: Item, readers: list[Rule]) -> bool:
    """Whether an item is bad for a reason that no rule decides by a limit of its own."""
    known = {code.code for rule in readers for code in rule.stands_for}
    return item.is_bad and item.reason.code not in known
