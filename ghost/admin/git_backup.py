"""The git backup: how it stands, what was committed and pushed last, and having one made now."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule

from ghost.core.admin.model_admin import ReadOnlyAdmin, badge
from ghost.core.text.durations import age
from ghost.core.text.reasons import put_into_words
from ghost.operations import schedules
from ghost.operations.figures import Item, Status
from ghost.operations.figures.database import git_copy
from ghost.operations.figures.item import Moment
from ghost.operations.git_backup.due import SCHEDULE
from ghost.operations.git_backup.folder import remote_address
from ghost.operations.git_backup.models import GitBackup

VIEW, MAKE = "ghost.view_backup", "ghost.make_backup"
"""Whoever may see and make backups may see and make these."""
COLOURS = {Status.OK: "success", Status.DEGRADED: "danger", Status.UNKNOWN: "info"}


@admin.register(GitBackup)
class GitBackupAdmin(ReadOnlyAdmin[GitBackup]):
    """One page: there is one row."""

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever may see backups."""
        return bool(request.user.has_perm(VIEW))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same."""
        return self.has_view_permission(request)

    def has_make_permission(self, request: HttpRequest) -> bool:
        """Whoever may make backups."""
        return bool(request.user.has_perm(MAKE))

    def get_urls(self) -> list[URLPattern]:
        """The page, and its button."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name="ghost_gitbackup_changelist"),
            path("run/", wrap(self.run), name="ghost_gitbackup_run"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """How it stands, and the button."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = _shown(GitBackup.get()) | {"may_make": self.has_make_permission(request)}
        page = self.page(request, _("Git backup"), **context)
        return TemplateResponse(request, "admin/ghost/git_backup.html", page)

    def run(self, request: HttpRequest) -> HttpResponse:
        """Queue one (POST)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_make_permission(request):
            raise PermissionDenied
        with self.telling(request):
            schedules.run_now(SCHEDULE)
            self.message_user(request, gettext("A git backup is queued."), messages.SUCCESS)
        return self.back(request)


def _shown(row: GitBackup) -> dict[str, Any]:
    item = git_copy.item(Moment(timezone.now(), is_starting=False))
    plan = Schedule.objects.filter(name=SCHEDULE).exclude(repeats=schedules.PAUSED).first()
    return {
        "row": row,
        "item": item,
        "state": _state(row, item),
        "is_enabled": settings.GHOST.git_backup_enabled,
        "is_under_way": _is_under_way(row),
        "remote": remote_address(),
        "branch": settings.GHOST.git_backup_branch,
        "folder": settings.GHOST.git_backup_dir,
        "ages": {name: age(getattr(row, name)) for name in ("began_at", "done_at", "as_of")},
        "notes": [put_into_words(note) for note in row.notes],
        "next_run": plan.next_run if plan and settings.GHOST.enable_scheduler else None,
    }


def _state(row: GitBackup, item: Item) -> str:
    if not settings.GHOST.git_backup_enabled:
        return badge(_("switched off"), "warning")
    if _is_under_way(row):
        return badge(_("under way"), "info")
    words = {
        Status.OK: _("in order"),
        Status.DEGRADED: _("failed"),
        Status.UNKNOWN: _("not yet"),
    }
    return badge(words[item.status], COLOURS[item.status])


def _is_under_way(row: GitBackup) -> bool:
    """Or it was killed: then the next one says so."""
    return row.began_at is not None and (row.ended_at is None or row.ended_at < row.began_at)
