"""What runs by the clock, to look at, to pause and to resume.

django-q2's own admin lets whoever may add a schedule run any function of any module, `os.system`
too. Here schedules belong to the code (`ghost.operations.schedules`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Its own registrations come first, so that `register` can take their place.
import django_q.admin  # noqa: F401  # imported for that alone
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule, Task

from ghost.admin.shortened_values import shortened
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display, register
from ghost.core.errors import GhostError
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.core.text.durations import age, lasting
from ghost.core.text.reasons import put_into_words
from ghost.operations import cleanup, retention, schedules
from ghost.operations.figures.queue import timetable

DAY_S = 86_400
_RUN = ("expected_since", "began_at", "ended_at", "is_ok", "result")


def _entry(row: Any) -> timetable.Entry:
    """The schedule with its last run, whose columns were asked for with the row."""
    run = ScheduleRun(name=row.name, **{name: getattr(row, name) for name in _RUN})
    return timetable.Entry(row, run if run.expected_since else None)


def _kept_for(outcome: retention.Outcome) -> str:
    days = outcome.kept_for_s // DAY_S
    if days > 1:
        return gettext("%(n)d days") % {"n": days}
    return lasting(outcome.kept_for_s) if outcome.kept_for_s else "–"


@register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin[Schedule]):
    list_before_template = "admin/ghost/cleanup_link.html"
    list_display = [
        "shown_name", "shown_state", "shown_timing", "last_run", "next_run_at", "last_result",
    ]  # fmt: skip
    search_fields = ["name", "func"]
    readonly_fields = [
        "shown_name", "shown_state", "shown_timing", "last_run", "next_run_at", "next_runs", "last_result",
    ]  # fmt: skip
    fields = ["shown_name", "func", *readonly_fields[1:]]
    actions = ["run_now", "pause", "resume"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Schedule]:
        run = ScheduleRun.objects.filter(name=models.OuterRef("name"))
        last = Task.objects.filter(pk=models.OuterRef("task"))
        found = super().get_queryset(request)
        return found.annotate(  # type: ignore[no-any-return]  # the queue has no types
            task_result=models.Subquery(last.values("result")),
            **{name: models.Subquery(run.values(name)[:1]) for name in _RUN},
        )

    @display(description=_("name"), ordering="name")
    def shown_name(self, row: Schedule) -> str:
        return str(schedules.spoken(row.name))

    @display(description=_("state"))
    def shown_state(self, row: Any) -> str:
        entry = _entry(row)
        if entry.is_paused:
            return badge(_("paused"), "warning")
        if not settings.GHOST.enable_scheduler:
            return badge(_("switched off"), "warning")
        if entry.is_overdue(timezone.now()):
            return badge(_("overdue"), "danger")
        if entry.has_failed:
            return badge(_("failed"), "danger")
        return badge(_("in order"), "success")

    @display(description=_("when"))
    def shown_timing(self, row: Schedule) -> str:
        """How often, or its line of cron and the zone of that."""
        task = schedules.find(row.name)
        if task is None or task.cron:
            return task.timing if task else ""
        hours, rest = divmod(task.minutes, 60)
        if rest:
            return ngettext("every minute", "every %(n)d minutes", task.minutes) % {
                "n": task.minutes
            }
        return ngettext("every hour", "every %(n)d hours", hours) % {"n": hours}

    @display(description=_("last run"))
    def last_run(self, row: Any) -> str | None:
        return age(row.ended_at)

    @display(description=_("next run"), ordering="next_run")
    def next_run_at(self, row: Schedule) -> str | None:
        is_waited_for = settings.GHOST.enable_scheduler and row.repeats != schedules.PAUSED
        return localize(timezone.localtime(row.next_run)) if is_waited_for else None

    @display(description=_("next three runs"))
    def next_runs(self, row: Schedule) -> str:
        """Of a paused one, too: it shows what its line means."""
        task = schedules.find(row.name)
        runs = task.next_runs(row.next_run) if task else []
        return ", ".join(localize(timezone.localtime(at)) for at in runs)

    @display(description=_("last result"))
    def last_result(self, row: Any) -> str:
        """Of the run, or what the queue keeps of a task from before there were such rows."""
        return shortened(str(_entry(row).result) or put_into_words(row.task_result))

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whoever may change schedules; nobody edits them."""
        return bool(request.user.has_perm("django_q.change_schedule"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [path("cleanup/", view(self.clean_up), name="ghost_cleanup"), *super().get_urls()]

    def clean_up(self, request: HttpRequest) -> HttpResponse:
        """What is beyond its bound; POST removes it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._clean(request)
        found = retention.preview()
        context = {
            "outcomes": [(each, _kept_for(each)) for each in found],
            "total": sum(each.number for each in found),
            "may_clean": self.has_pause_permission(request),
        }
        page = self.page(request, _("Cleanup"), **context)
        return TemplateResponse(request, "admin/ghost/cleanup.html", page)

    def _clean(self, request: HttpRequest) -> HttpResponse:
        if not self.has_pause_permission(request):
            raise PermissionDenied
        report = cleanup.run()
        failed = next((each for each in report.outcomes if each.error), None)
        told = gettext("Removed: %(number)s.") % {"number": report.total}
        if report.task_id:
            told = gettext("A worker removes what is old.")
        self.message_user(request, told, messages.SUCCESS)
        if failed:
            self.message_user(request, f"{failed.title}: {failed.error}", messages.ERROR)
        return redirect("admin:ghost_cleanup")

    @admin.action(description=_("Run now"), permissions=["pause"])
    def run_now(self, request: HttpRequest, queryset: models.QuerySet[Schedule]) -> HttpResponse:
        for row in queryset:
            name = schedules.spoken(row.name)
            try:
                schedules.run_now(row.name)
            except GhostError as error:
                self.message_user(request, f"{name}: {error}", messages.WARNING)
            else:
                self.note(request, [row.pk], gettext("Run now"))
                told = gettext("%(name)s: put into the queue.") % {"name": name}
                self.message_user(request, told, messages.SUCCESS)
        return self.back(request)

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
