"""What came of a git backup, and what somebody has to know of it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import ReasonCode

SWITCHED_OFF = ReasonCode(
    "git_backup.off", _("Git backups are switched off: set GHOST_GIT_BACKUP_ENABLED=1.")
)
UNDER_WAY = ReasonCode(
    "git_backup.under_way", _("Another git backup is under way on this machine.")
)
NOT_EMPTY = ReasonCode(
    "git_backup.not_empty",
    _(
        "%(folder)s is not empty, and what lies there is not Ghost's. Empty it, or name another GHOST_GIT_BACKUP_DIR."
    ),
)
NO_FOLDER = ReasonCode("git_backup.no_folder", _("%(folder)s can't be written: %(reason)s"))
FOREIGN_BRANCH = ReasonCode(
    "git_backup.foreign_branch",
    _(
        "The branch %(name)s of %(where)s holds commits that Ghost did not make (it is at %(commit)s). Rename it"
        " there, or name another GHOST_GIT_BACKUP_BRANCH."
    ),
)
FOREIGN_HEAD = ReasonCode(
    "git_backup.foreign_head",
    _(
        "Work of others is checked out in %(folder)s (commit %(commit)s). Name another GHOST_GIT_BACKUP_DIR."
    ),
)
REJECTED = ReasonCode("git_backup.rejected", _("%(name)s did not take the push: %(reason)s"))
UNREACHABLE = ReasonCode("git_backup.unreachable", _("%(name)s could not be reached: %(reason)s"))
LEFT_ALONE = ReasonCode(
    "git_backup.left_alone", _("%(name)s failed too often and is left alone for a while.")
)
DAMAGED = ReasonCode(
    "git_backup.damaged",
    _(
        "The repository %(folder)s is damaged: delete it, and the next git backup makes it anew. %(reason)s"
    ),
)
INTERRUPTED = ReasonCode("git_backup.interrupted", _("The git backup was interrupted."))

COMMITTED = ReasonCode(
    "git_backup.committed",
    ngettext_lazy(
        "%(number)s resource, commit %(commit)s",
        "%(number)s resources, commit %(commit)s",
        "number",
    ),
)
UNCHANGED = ReasonCode(
    "git_backup.unchanged",
    ngettext_lazy(
        "nothing changed: %(number)s resource, commit %(commit)s",
        "nothing changed: %(number)s resources, commit %(commit)s",
        "number",
    ),
)
PUSHED = ReasonCode("git_backup.pushed", _("pushed to %(name)s"))
NO_REMOTE = ReasonCode(
    "git_backup.no_remote", _("it stays on this machine: no GHOST_GIT_BACKUP_REMOTE")
)
HISTORY_DROPPED = ReasonCode(
    "git_backup.history_dropped",
    _("the history before was dropped, since something was taken down"),
)
HISTORY_CUT = ReasonCode(
    "git_backup.history_cut", _("the history before was dropped: it had %(number)s commits")
)
ATTACHED = ReasonCode(
    "git_backup.attached", _("the folder had %(name)s checked out: it is on the branch again")
)
DIRTY = ReasonCode(
    "git_backup.dirty",
    ngettext_lazy(
        "%(number)s file that somebody had changed in the folder was written anew",
        "%(number)s files that somebody had changed in the folder were written anew",
        "number",
    ),
)
UNLOCKED = ReasonCode("git_backup.unlocked", _("locks of a git that was killed were removed"))
