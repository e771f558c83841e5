"""What belongs to no app of ours: the queue, and who may sign in.

django-q2's own admin lets whoever may add a schedule run any function of any module, `os.system`
too. Here schedules belong to the code (`ghost.operations.schedules`): they are shown, paused and resumed.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

# Their own registrations come first, so that `register` can take their place.
import django.contrib.auth.admin
import django_q.admin  # noqa: F401  # imported for that alone
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success, Task
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ghost.admin import audit  # noqa: F401  # registers the audit trail
from ghost.core.admin.model_admin import ModelAdmin, ReadOnlyAdmin, badge, display, register
from ghost.core.jobs import queue

SHOWN = 300
FOREVER, PAUSED = -1, 0


@register(User)
class UserAdmin(django.contrib.auth.admin.UserAdmin, ModelAdmin[User]):  # type: ignore[type-arg]  # Django's takes none at run time
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "shown_groups", "is_active", "is_superuser", "last_login"]
    warn_unsaved_form = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @display(description=_("groups"), label=True)
    def shown_groups(self, row: User) -> list[str]:
        return [group.name for group in row.groups.all()]


@register(Group)
class GroupAdmin(django.contrib.auth.admin.GroupAdmin, ModelAdmin[Group]):
    list_display = ["name", "people"]
    warn_unsaved_form = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Group]:
        return super().get_queryset(request).annotate(users_now=models.Count("user"))

    @display(description=_("people"), ordering="users_now")
    def people(self, row: Any) -> int:
        return int(row.users_now)


@register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin[Schedule]):
    list_display = ["name", "shown_state", "every", "next_run", "last_success", "last_result"]
    search_fields = ["name", "func"]
    fields = ["name", "func", "shown_state", "every", "next_run", "last_success", "last_result"]
    readonly_fields = ["shown_state", "every", "last_success", "last_result"]
    actions = ["pause", "resume"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Schedule]:
        last = Task.objects.filter(pk=models.OuterRef("task"))
        found = super().get_queryset(request)
        return found.annotate(  # type: ignore[no-any-return]  # the queue has no types
            task_success=models.Subquery(last.values("success")),
            task_result=models.Subquery(last.values("result")),
        )

    @display(description=_("state"))
    def shown_state(self, row: Schedule) -> str:
        is_paused = row.repeats == PAUSED
        return badge(_("paused"), "warning") if is_paused else badge(_("runs"), "success")

    @display(description=_("every"), ordering="minutes")
    def every(self, row: Schedule) -> str:
        minutes = row.minutes or 0
        if minutes and minutes % 60 == 0:
            return ngettext("%d hour", "%d hours", minutes // 60) % (minutes // 60)
        return ngettext("%d minute", "%d minutes", minutes) % minutes

    @display(description=_("last run"), boolean=True)
    def last_success(self, row: Any) -> bool | None:
        return row.task_success  # type: ignore[no-any-return]  # annotated above

    @display(description=_("last result"))
    def last_result(self, row: Any) -> str:
        return shortened(row.task_result)

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whoever may change schedules; nobody edits them."""
        return bool(request.user.has_perm("django_q.change_schedule"))

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: models.QuerySet[Schedule]) -> HttpResponse:
        return self._repeat(request, queryset, PAUSED, gettext("Paused"))

    @admin.action(description=_("Resume"), permissions=["pause"])
    def resume(self, request: HttpRequest, queryset: models.QuerySet[Schedule]) -> HttpResponse:
        return self._repeat(request, queryset, FOREVER, gettext("Resumed"))

    def _repeat(
        self, request: HttpRequest, queryset: models.QuerySet[Schedule], repeats: int, what: str
    ) -> HttpResponse:
        rows, done = list(queryset), "pause" if repeats == PAUSED else "resume"
        keys = [row.pk for row in rows]
        with self.doing(request, keys, what, done=done):
            Schedule.objects.filter(pk__in=keys).update(repeats=repeats)
        for row in rows:
            self.message_user(request, f"{what}: {row.name}", messages.SUCCESS)
        return self.back(request)


class TaskAdmin(ReadOnlyAdmin[Task]):
    """Tasks that have ended."""

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
        return shortened([*(row.args or ()), *([row.kwargs] if row.kwargs else [])])

    @display(description=_("result"))
    def shown_result(self, row: Task) -> str:
        return shortened(row.result)


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
            for row in rows:
                transaction.on_commit(partial(queue.enqueue_again, row))
            Failure.objects.filter(pk__in=keys).delete()
        told = ngettext("%d task queued again.", "%d tasks queued again.", len(rows)) % len(rows)
        self.message_user(request, told, messages.SUCCESS)
        return self.back(request)

    @admin.action(description=_("Dismiss"), permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, queryset: models.QuerySet[Failure]) -> HttpResponse:
        keys = list(queryset.values_list("pk", flat=True))
        with self.doing(request, keys, gettext("Dismissed"), done="dismiss"):
            Failure.objects.filter(pk__in=keys).delete()
        count = len(keys)
        told = ngettext("%d failed task dismissed.", "%d failed tasks dismissed.", count) % count
        self.message_user(request, told, messages.SUCCESS)
        return self.back(request)


@register(OrmQ)
class QueueAdmin(ReadOnlyAdmin[OrmQ]):
    list_display = ["task_name", "function", "arguments", "shown_state", "lock"]
    fields = ["task_name", "function", "arguments", "shown_state", "lock"]
    readonly_fields = ["task_name", "function", "arguments", "shown_state", "lock"]

    @display(description=_("name"))
    def task_name(self, row: OrmQ) -> str:
        return str(row.task.get("name", row.pk))

    @display(description=_("function"))
    def function(self, row: OrmQ) -> str:
        return _path_of(row.task.get("func"))

    @display(description=_("arguments"))
    def arguments(self, row: OrmQ) -> str:
        task = row.task
        return shortened([*task.get("args", ()), *([task["kwargs"]] if task.get("kwargs") else [])])

    @display(description=_("state"))
    def shown_state(self, row: OrmQ) -> str:
        """django-q2 puts the lock a lease ahead when a worker takes the task."""
        is_taken = row.lock is not None and row.lock > timezone.now()
        return badge(_("runs"), "success") if is_taken else badge(_("waits"), "info")


def _path_of(func: object) -> str:
    if callable(func):
        return f"{func.__module__}.{getattr(func, '__qualname__', func)}"
    return str(func)


def shortened(value: object) -> str:
    """A task's arguments or result in one line."""
    if value is None or value == []:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
