"""The queue: tasks that wait, that failed, and that ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

# Its own registrations come first, so that `register` can take their place.
import django_q.admin  # noqa: F401  # imported for that alone
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Success, Task

from ghost.admin.shortened_values import shortened
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display, register
from ghost.core.admin.operators_named import NamesOperators
from ghost.core.audit import people
from ghost.core.audit.trail import HIDDEN
from ghost.core.jobs import pause, queue
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.pause import Drain
from ghost.core.text.reasons import put_into_words
from ghost.operations.dashboards import queue_state


def _may_pause(request: HttpRequest) -> bool:
    """Whoever may pause schedules, too."""
    return bool(request.user.has_perm("django_q.change_schedule"))


def readable_arguments(arguments: list[object]) -> list[object]:
    """Those of a task; texts among them, which may name operators, only for who may see people."""
    if people.can_see_people():
        return arguments
    return [each if isinstance(each, (int, float)) else HIDDEN for each in arguments]


class TaskAdmin(NamesOperators[Task], ReadOnlyAdmin[Task]):
    naming_fields = frozenset({"args", "kwargs", "result"})
    list_display = ["name", "func", "started", "took", "attempt_count", "shown_result"]
    list_filter = ["func", "started"]
    search_fields = ["name", "func"]
    fields = [
        "name",
        "func",
        "arguments",
        "started",
        "stopped",
        "took",
        "attempt_count",
        "shown_result",
    ]
    readonly_fields = ["arguments", "took", "shown_result"]

    @display(description=_("seconds"))
    def took(self, row: Task) -> str:
        return f"{row.time_taken():.1f}"

    @display(description=_("arguments"))
    def arguments(self, row: Task) -> str:
        return shortened(
            readable_arguments([*(row.args or ()), *([row.kwargs] if row.kwargs else [])])
        )

    @display(description=_("result"))
    def shown_result(self, row: Task) -> str:
        return shortened(put_into_words(row.result))


# The entries show the queue, whichever broker hands it out.
with suppress(NotRegistered):
    admin.site.unregister(OrmQ)


@register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@register(Failure)
class FailureAdmin(TaskAdmin):
    actions = ["retry", "dismiss"]

    def has_dismiss_permission(self, request: HttpRequest) -> bool:
        """Whoever may delete failed tasks."""
        return bool(request.user.has_perm("django_q.delete_failure"))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whoever may change failed tasks."""
        return bool(request.user.has_perm("django_q.change_failure"))

    @admin.action(description=_("Run again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: models.QuerySet[Failure]) -> HttpResponse:
        rows = list(queryset)
        keys = [row.pk for row in rows]
        with self.doing(request, keys, gettext("Queued again"), done="retry"):
            queue.retry(rows)
        count = len(rows)
        done = ngettext("%d task queued again.", "%d tasks queued again.", count) % count
        self.message_user(request, done, messages.SUCCESS)
        return self.back(request)

    @admin.action(description=_("Dismiss"), permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, queryset: models.QuerySet[Failure]) -> HttpResponse:
        keys = list(queryset.values_list("pk", flat=True))
        with self.doing(request, keys, gettext("Dismissed"), done="dismiss"):
            Failure.objects.filter(pk__in=keys).delete()
        count = len(keys)
        done = ngettext("%d failed task dismissed.", "%d failed tasks dismissed.", count) % count
        self.message_user(request, done, messages.SUCCESS)
        return self.back(request)


@register(QueueEntry)
class QueueAdmin(ReadOnlyAdmin[QueueEntry]):
    list_before_template = "admin/ghost/queue_pause.html"
    list_display = ["func", "arguments", "shown_state", "asked_at", "begun_at", "worker"]
    fields = [
        "task_id",
        "func",
        "arguments",
        "shown_state",
        "asked_at",
        "begun_at",
        "worker",
        "kills",
    ]
    readonly_fields = ["arguments", "shown_state"]
    list_select_related = ["row"]
    ordering = ["pk"]

    @display(description=_("arguments"))
    def arguments(self, row: QueueEntry) -> str:
        task = row.task
        more = [task["kwargs"]] if task.get("kwargs") else []
        return shortened(readable_arguments([*task.get("args", ()), *more]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("pause/", view(self.pause), name="ghost_queue_pause"),
            path("resume/", view(self.resume), name="ghost_queue_resume"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"drain": pause.look(), "may_pause": _may_pause(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def pause(self, request: HttpRequest) -> HttpResponse:
        """Let nothing new start on any host (POST)."""
        told = gettext("The queue is paused: nothing new starts, what runs comes to its end.")
        return self._change(request, pause.pause, told)

    def resume(self, request: HttpRequest) -> HttpResponse:
        """Let tasks begin again (POST)."""
        return self._change(request, queue_state.resume, gettext("The queue goes on."))

    def _change(self, request: HttpRequest, change: Callable[[], Drain], told: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not _may_pause(request):
            raise PermissionDenied
        change()
        self.message_user(request, told, messages.SUCCESS)
        return self.back(request)

    @display(description=_("state"))
    def shown_state(self, row: QueueEntry) -> str:
        return badge(_("runs"), "success") if row.worker else badge(_("waits"), "info")
