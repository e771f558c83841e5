"""What alerts say where the figures' own sentences don't: with the limit that operators set."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import ReasonCode


def _code(name: str, sentence: object) -> ReasonCode:
    return ReasonCode(f"alerts.{name}", sentence)  # type: ignore[arg-type]  # a lazy text


WITH_ERROR = _code("with_error", _("%(reason)s (%(error)s)"))
DISK_LOW = _code("disk_low", _("%(percent)s %% free on %(host)s"))
DISK_FILES = _code("disk_files", _("%(percent)s %% of its files left on %(host)s"))
MEMORY_LOW = _code("memory_low", _("%(percent)s %% of the memory available"))
CPU_BUSY = _code("cpu_busy", _("the processors are busy by %(percent)s %%"))
QUEUE_LONG = _code(
    "queue_long",
    ngettext_lazy(
        "the first task has waited for %(minutes)s minute; waiting: %(waiting)s",
        "the first task has waited for %(minutes)s minutes; waiting: %(waiting)s",
        "minutes",
    ),
)
TASKS_FAIL = _code("tasks_fail", _("%(failed)s of %(ended)s tasks of the last hour failed"))
ACTIVE_FELL = _code(
    "active_fell", _("%(percent)s %% of what was checked is active; it was %(before)s %%")
)
LOOK_AT_SWARMS = _code(
    "do_swarms",
    _(
        "Many swarms rarely die at once: look first whether the DHT and trackers answer this host (Health scans)."
    ),
)
CIRCUITS_OPEN = _code("circuits_open", _("left alone after failures: %(names)s (%(error)s)"))
WORKERS_SILENT = _code("workers_silent", _("no worker was heard of for %(seconds)s seconds"))
DATABASE_AWAY = _code("database_away", _("the database has not answered for a minute: %(error)s"))
