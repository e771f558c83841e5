"""Alerts, their rules, and the messages that were sent: what is wrong, and being told less."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ghost.core.admin.model_admin import ModelAdmin, ReadOnlyAdmin, badge, display
from ghost.core.admin.operators_named import NamesOperators
from ghost.core.text.durations import age, lasting
from ghost.operations.alerts import runbooks, trial
from ghost.operations.alerts.levels import Level
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.alerts.rules import RULES
from ghost.operations.channels.models import Delivery

STATE_COLOURS = {Alert.State.PENDING: "info", Alert.State.OVER: "success"}
MESSAGE_COLOURS = {
    Delivery.State.WAITING: "info",
    Delivery.State.SENT: "success",
    Delivery.State.FAILED: "danger",
}
MAY = "ghost.change_alertrule"
HOURS = (1, 8, 24, 168)
"""For which something can be silenced."""

_Silence = Callable[[Any, HttpRequest, models.QuerySet[Any]], HttpResponse]


def _silencing(hours: int | None) -> _Silence:
    """The list's action that silences for so long, or ends a silence."""
    labels = {
        1: _("Silence for an hour"),
        8: _("Silence for 8 hours"),
        24: _("Silence for a day"),
        168: _("Silence for a week"),
        None: _("End the silence"),
    }

    @admin.action(description=labels[hours], permissions=["care"])
    def act(self: Any, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse:
        until = timezone.now() + timedelta(hours=hours) if hours else None
        rows = list(queryset)
        self.note(request, [row.pk for row in rows], str(labels[hours]))
        for row in rows:
            row.silence(until)
        told = ngettext("%d row changed.", "%d rows changed.", len(rows)) % len(rows)
        self.message_user(request, told, messages.SUCCESS)
        return self.back(request)  # type: ignore[no-any-return]  # of any of these admins

    act.__name__ = f"silence_{hours}" if hours else "end_silence"
    return act


_SILENCES = [*map(_silencing, HOURS), _silencing(None)]


def _may_care(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(MAY))


def runbook_link(name: str, title: object) -> str:
    """A link to the run book of a rule, for those who are in the admin."""
    address = reverse("admin:ghost_runbook", args=(name,))
    return format_html('<a class="ghost-link" href="{}">{}</a>', address, title)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    list_display = ["title", "shown_state", "why", "since", "told_at", "silenced_until", "runbook"]
    list_filter = ["state", "level"]
    list_before_template = "admin/ghost/test_alert.html"
    fields = [
        "title", ("shown_state", "returns"), "why", "what_to_do", ("since", "fired_at"),
        ("told_at", "ended_at"), "silenced_until", "runbook",
    ]  # fmt: skip
    readonly_fields = ["title", "shown_state", "why", "what_to_do", "runbook"]
    actions = _SILENCES

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Alert]:
        """What is wrong first."""
        standing = models.Case(models.When(state=Alert.State.FIRING, then=0), default=1)
        return super().get_queryset(request).order_by(standing, "-since", "-pk")

    @display(description=_("alert"), ordering="rule")
    def title(self, row: Alert) -> str:
        return str(row)

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: Alert) -> str:
        if row.state != Alert.State.FIRING:
            return badge(Alert.State(row.state).label, STATE_COLOURS[Alert.State(row.state)])
        is_worst = row.level == Level.CRITICAL
        return badge(Level(row.level).label, "danger" if is_worst else "warning")

    @display(description=_("what is wrong"))
    def why(self, row: Alert) -> str:
        return str(row.reason)

    @display(description=_("what to do"))
    def what_to_do(self, row: Alert) -> str:
        return str(row.advice)

    @display(description=_("run book"))
    def runbook(self, row: Alert) -> str:
        rule = RULES.get(row.rule)
        return runbook_link(rule.runbook, rule.runbook) if rule else ""

    def has_care_permission(self, request: HttpRequest) -> bool:
        """Whoever may change rules; the rows themselves nobody edits."""
        return _may_care(request)

    def get_urls(self) -> list[URLPattern]:
        """The usual addresses, that of the test message, and those of the run books."""
        view = self.admin_site.admin_view
        return [
            path("test/", view(self.test), name="ghost_alert_test"),
            path("runbooks/<slug:name>/", view(self.show_runbook), name="ghost_runbook"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a button for a test message."""
        context = {"may_test": _may_care(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def test(self, request: HttpRequest) -> HttpResponse:
        """Have a test message sent by every channel (POST)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not _may_care(request):
            raise PermissionDenied
        with self.telling(request):
            count = len(trial.write())
            told = ngettext("%d message is sent.", "%d messages are sent.", count) % count
            self.message_user(request, f"{told} {gettext('See Messages for what comes of it.')}")
        return self.back(request)

    def show_runbook(self, request: HttpRequest, name: str) -> HttpResponse:
        """A page of the run books, as the documentation has it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        html = runbooks.html(name)
        if html is None:
            raise Http404
        context = self.page(request, name, html=html)
        return TemplateResponse(request, "admin/ghost/runbook.html", context)


@admin.register(AlertRule)
class AlertRuleAdmin(ModelAdmin[AlertRule]):
    list_display = [
        "title",
        "shown_state",
        "shown_limit",
        "shown_wait",
        "silenced_until",
        "runbook",
    ]
    ordering = ["name"]
    fields = [
        "title",
        "is_enabled",
        "limit",
        "meaning",
        "wait_s",
        "own_wait",
        "silenced_until",
        "runbook",
    ]
    readonly_fields = ["title", "meaning", "own_wait", "silenced_until", "runbook"]
    actions = ["switch_on", "switch_off", *_SILENCES]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_care_permission(self, request: HttpRequest) -> bool:
        """Whoever may change rules."""
        return _may_care(request)

    @display(description=_("rule"), ordering="name")
    def title(self, row: AlertRule) -> str:
        return str(row)

    @display(description=_("state"), ordering="is_enabled")
    def shown_state(self, row: AlertRule) -> str:
        if not row.is_enabled:
            return badge(_("switched off"), "warning")
        if row.is_silenced(timezone.now()):
            return badge(_("silenced"), "info")
        return badge(_("in force"), "success")

    @display(description=_("limit"))
    def shown_limit(self, row: AlertRule) -> str:
        limit = row.rule.limit if row.rule else None
        return f"{row.limit_in_force:g} {limit.meaning}" if limit else "–"

    @display(description=_("wait"))
    def shown_wait(self, row: AlertRule) -> str:
        wait = row.wait_in_force.total_seconds()
        return lasting(wait) if wait else "–"

    @display(description=_("what the limit counts"))
    def meaning(self, row: AlertRule) -> str:
        limit = row.rule.limit if row.rule else None
        if limit is None:
            return gettext("This rule has no limit.")
        told = gettext("%(meaning)s; if empty: %(default)g")
        return told % {"meaning": limit.meaning, "default": limit.default}

    @display(description=_("if empty"))
    def own_wait(self, row: AlertRule) -> str:
        return lasting(row.rule.wait_s) if row.rule and row.rule.wait_s else "–"

    @display(description=_("run book"))
    def runbook(self, row: AlertRule) -> str:
        return runbook_link(row.rule.runbook, row.rule.runbook) if row.rule else ""

    @admin.action(description=_("Switch on"), permissions=["care"])
    def switch_on(self, request: HttpRequest, queryset: models.QuerySet[AlertRule]) -> HttpResponse:
        return self._switch(request, queryset, gettext("Switched on"), is_on=True)

    @admin.action(description=_("Switch off"), permissions=["care"])
    def switch_off(
        self, request: HttpRequest, queryset: models.QuerySet[AlertRule]
    ) -> HttpResponse:
        return self._switch(request, queryset, gettext("Switched off"), is_on=False)

    def _switch(
        self, request: HttpRequest, queryset: models.QuerySet[AlertRule], what: str, *, is_on: bool
    ) -> HttpResponse:
        rows = list(queryset.exclude(is_enabled=is_on))
        self.note(request, [row.pk for row in rows], what)
        for row in rows:
            row.change(is_enabled=is_on)
        self.message_user(request, f"{what}: {', '.join(map(str, rows)) or '–'}", messages.SUCCESS)
        return self.back(request)


@admin.register(Delivery)
class DeliveryAdmin(NamesOperators[Delivery], ReadOnlyAdmin[Delivery]):
    naming_fields = frozenset({"target"})
    list_display = ["subject", "kind", "channel", "to", "shown_state", "attempts", "written", "why"]
    list_filter = ["state", "kind", "channel"]
    search_fields = ["subject"]
    fields = [
        "subject", ("kind", "channel"), "to", ("shown_state", "attempts"),
        ("created_at", "ended_at", "next_try_at"), "why", "text",
    ]  # fmt: skip
    readonly_fields = ["to", "shown_state", "why"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Delivery]:
        """Without what only its page shows."""
        return super().get_queryset(request).defer("html", "data")

    @display(description=_("to"))
    def to(self, row: Delivery) -> str:
        return row.shown_target

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: Delivery) -> str:
        state = Delivery.State(row.state)
        return badge(state.label, MESSAGE_COLOURS[state])

    @display(description=_("written"), ordering="created_at")
    def written(self, row: Delivery) -> str | None:
        return age(row.created_at)

    @display(description=_("last error"))
    def why(self, row: Delivery) -> str:
        return str(row.error)
