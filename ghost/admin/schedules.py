"""What runs by the clock, to look at, to pause and to resume.

django-q2's own admin lets whoever may add a schedule run any function of any module, `os.system`
too. Here schedules belong to the code (`ghost.operations.schedules`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Its own registrations come first, so that `register` can take their place.
import django_q.admin  # noqa: F401  # imported for that alone
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule, Task

from ghost.admin.shortened_values import shortened
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display, register
from ghost.core.text.reasons import put_into_words
from ghost.operations import schedules


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
        is_paused = row.repeats == schedules.PAUSED
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
        return shortened(put_into_words(row.task_result))

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whoever may change schedules; nobody edits them."""
        return bool(request.user.has_perm("django_q.change_schedule"))

    @admin.action(description=_("Pause"), permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: models.QuerySet[Schedule]) -> HttpResponse:
        return self._change(request, queryset, schedules.pause, "pause", gettext("Paused"))

    @admin.action(description=_("Resume"), permissions=["pause"])
    def resume(self, request: HttpRequest, queryset: models.QuerySet[Schedule]) -> HttpResponse:
        return self._change(request, queryset, schedules.resume, "resume", gettext("Resumed"))

    def _change(
        self,
        request: HttpRequest,
        queryset: models.QuerySet[Schedule],
        change: Callable[[list[Schedule]], None],
        done: str,
        what: str,
    ) -> HttpResponse:
        rows = list(queryset)
        with self.doing(request, [row.pk for row in rows], what, done=done):
            change(rows)
        for row in rows:
            self.message_user(request, f"{what}: {row.name}", messages.SUCCESS)
        return self.back(request)
