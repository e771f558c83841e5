"""Builds with their steps, covers and their hosts, and the button that starts a build."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from builds import (
    admin_deploy,  # noqa: F401  # registers its own
    covers,
)
from builds.forms import CoveredForm
from builds.models import Build, Cover, CoverHost
from builds.tasks import build_now, localize_covers
from ghost import told
from ghost.admin_site import ReadOnlyAdmin, badge, display
from resources.admin import ResourceAdmin
from resources.models import Resource

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STATE_COLOURS = {
    Build.State.RUNNING: "info",
    Build.State.DONE: "success",
    Build.State.FAILED: "danger",
}
HOST_COLOURS = {
    CoverHost.State.OPEN: "danger",
    CoverHost.State.TRYING: "warning",
    CoverHost.State.FAILING: "warning",
    CoverHost.State.CLOSED: "success",
}
REFRESH_S = 2
TRIGGERS: dict[str, _StrPromise] = {
    "change": _("a change"),
    "schedule": _("the schedule"),
    "rescue": _("after a builder died"),
}


def asked_by(build: Build) -> str:
    """Who or what started a build."""
    who = TRIGGERS.get(build.trigger)
    return str(who) if who else gettext("by hand: %s") % build.trigger


@admin.register(Build)
class BuildAdmin(ReadOnlyAdmin[Build]):
    list_display = [
        "number", "shown_state", "shown_trigger", "started_at", "took", "resources", "pages", "files",
        "left_aside",
    ]  # fmt: skip
    list_display_links = ["number"]
    list_filter = [("state", ChoicesDropdownFilter), "started_at"]
    list_filter_submit = True
    search_fields = ["trigger", "error", "release"]
    search_help_text = _("Who asked for it, error, or release")
    list_before_template = "admin/builds/build_now.html"
    change_form_outer_before_template = "admin/builds/progress.html"
    change_form_outer_after_template = "admin/builds/steps.html"
    fields = [
        ("shown_state", "shown_trigger"),
        ("started_at", "took"),
        ("resources", "pages", "files"),
        ("revision", "release"),
    ]
    readonly_fields = ["shown_state", "shown_trigger", "took"]

    @display(description=_("build"), ordering="id")
    def number(self, row: Build) -> str:
        return f"#{row.pk}"

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: Build) -> str:
        state = Build.State(row.state)
        return badge(state.label, STATE_COLOURS.get(state, ""))

    @display(description=_("asked for by"), ordering="trigger")
    def shown_trigger(self, row: Build) -> str:
        return asked_by(row)

    @display(description=_("seconds"))
    def took(self, row: Build) -> str | None:
        return None if row.seconds is None else f"{row.seconds:.1f}"

    @display(description=_("set aside"))
    def left_aside(self, row: Build) -> int | None:
        return len(row.set_aside) or None

    def get_urls(self) -> list[URLPattern]:
        mine = path("start/", self.admin_site.admin_view(self.start), name="builds_build_start")
        return [mine, *super().get_urls()]

    def start(self, request: HttpRequest) -> HttpResponse:
        """Queue a build (POST), for whoever may add builds."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("builds.add_build"):
            raise PermissionDenied
        transaction.on_commit(partial(async_task, build_now, request.user.get_username()))
        self.message_user(request, gettext("A build is queued."))
        return self.back(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        build: Build = kwargs["obj"]
        steps = list(build.steps.all())
        running = build.state == Build.State.RUNNING
        context |= {"steps": steps, "is_running": running, "stage": steps[-1] if steps else None}
        response = super().render_change_form(request, context, *args, **kwargs)
        if running:  # without scripts: the page asks for itself again
            response["Refresh"] = str(REFRESH_S)
        return response
