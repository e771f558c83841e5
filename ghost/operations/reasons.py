"""What came of the tasks for the installation as a whole, as reasons that the queue keeps."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import ReasonCode

BACKUP_WRITTEN = ReasonCode(
    "operations.backup_written",
    _("%(name)s: written; not read again, since its key is elsewhere"),
)
BACKUP_PROVEN = ReasonCode(
    "operations.backup_proven",
    ngettext_lazy(
        "%(name)s: written and read again, %(number)s file",
        "%(name)s: written and read again, %(number)s files",
        "number",
    ),
)
EVENTS_DROPPED = ReasonCode(
    "operations.events_dropped",
    ngettext_lazy("dropped %(number)s event", "dropped %(number)s events", "number"),
)
SESSIONS_DROPPED = ReasonCode(
    "operations.sessions_dropped",
    _("dropped: ended sessions %(number)s, attempts to sign in %(attempts)s"),
)
PRUNED = ReasonCode(
    "operations.pruned",
    _(
        "dropped: health samples %(samples)s, scans %(scans)s, builds %(builds)s, ended tasks"
        " %(tasks)s, jobs %(jobs)s, cover hosts %(hosts)s, audit events %(events)s, kept answers"
        " and counts %(answers)s; cover files swept: %(swept)s; covers lost: %(lost)s"
    ),
)
