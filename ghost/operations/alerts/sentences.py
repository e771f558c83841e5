"""What alerts say where the figures' own sentences don't: with the limit that operators set."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import ReasonCode


def _code(name: str, sentence: object) -> ReasonCode:
    return ReasonCode(f"alerts.{name}", sentence)  # type: ignore[arg-type]  # a lazy text


NO_CHANNEL = _code(
    "no_channel",
    _(
        "No channel is configured: set GHOST_EMAIL_URL, GHOST_ALERT_WEBHOOKS or GHOST_ALERT_URLS, and restart."
    ),
)
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
CIRCUITS_OPEN = _code("circuits_open", _("left alone after failures: %(names)s (%(error)s)"))
WORKERS_SILENT = _code("workers_silent", _("no worker was heard of for %(seconds)s seconds"))
DATABASE_AWAY = _code("database_away", _("the database has not answered for a minute: %(error)s"))
