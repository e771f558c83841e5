"""The tables of Ghost's floor, of its accounts and of its operations; each stands with its rules in the module of its noun."""

from ghost.accounts.links.first_operator import FirstOperatorLink
from ghost.accounts.links.reset_links import ResetRequest
from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog, Change, Removal
from ghost.core.circuits.models import Circuit
from ghost.core.events.models import Event
from ghost.core.events.subscriptions import Stream
from ghost.core.heartbeats.models import Heartbeat
from ghost.core.http.idempotency import KeptAnswer
from ghost.core.http.limits.rate_limit import Usage
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import Job, JobPart
from ghost.core.jobs.pause import QueuePause
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.core.measurements.models import CounterValue, SlowCall
from ghost.operations.alerts.models import Alert, AlertRule, AlertWatch
from ghost.operations.backups.models import Backup
from ghost.operations.channels.models import Delivery
from ghost.operations.connections import ConnectionReset
from ghost.operations.git_backup.models import GitBackup
from ghost.operations.samples.models import Sample
from ghost.operations.stats.models import CatalogCount
from ghost.operations.workers.models import WorkerReplacement

__all__ = [
    "Alert",
    "AlertRule",
    "AlertWatch",
    "AuditEvent",
    "Backup",
    "Catalog",
    "CatalogCount",
    "Change",
    "Circuit",
    "ConnectionReset",
    "CounterValue",
    "Delivery",
    "Event",
    "FirstOperatorLink",
    "GitBackup",
    "Heartbeat",
    "Job",
    "JobPart",
    "KeptAnswer",
    "QueueEntry",
    "QueuePause",
    "Removal",
    "ResetRequest",
    "Sample",
    "ScheduleRun",
    "SlowCall",
    "Stream",
    "Usage",
    "WorkerReplacement",
]
