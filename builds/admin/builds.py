"""Builds with their steps; asking for one, and going back to an earlier state of the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from builds.admin import labels, live_build, unrendered
from builds.engine import rollback
from builds.engine.rollback import Point
from builds.models import Build, BuildState, Extent, Step
from builds.requests import request_build
from builds.tasks import roll_back
from dht.admin.scans import grouped
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from ghost.core.admin.operators_named import NamesOperators
from ghost.core.errors import RefusedError
from ghost.core.text.durations import age, lasting

STATE_COLOURS = {
    Build.State.RUNNING: "info",
    Build.State.DONE: "success",
    Build.State.FAILED: "danger",
}
MAY = "builds.add_build"
UNDONE_SHOWN = 20


@admin.register(Build)
class BuildAdmin(NamesOperators[Build], ReadOnlyAdmin[Build]):
    naming_fields = frozenset({"trigger"})
    has_trail = False  # what the trail calls a build is the whole site
    list_display = [
        "number", "shown_state", "kind", "shown_trigger", "started", "took", "shown_changed", "deployed",
    ]  # fmt: skip
    list_display_links = ["number"]
    list_filter = [("state", ChoicesDropdownFilter), "is_full", "started_at"]
    list_filter_submit = True
    search_fields = ["trigger", "error", "release"]
    search_help_text = _("Requester, error, or release")
    list_before_template = "admin/builds/above_list.html"
    fields = ["trigger"]  # the page has a template of its own

    @display(description=_("build"), ordering="id")
    def number(self, row: Build) -> str:
        return f"#{row.pk}"

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: Build) -> str:
        badges = format_html_join("", "{}", ((each,) for each in _badges(row)))
        return format_html('<span class="ghost-badges">{}</span>', badges)

    @display(description=_("what"), ordering="is_full")
    def kind(self, row: Build) -> str:
        return labels.kind(row)

    @display(description=_("requested by"), ordering="trigger")
    def shown_trigger(self, row: Build) -> str:
        return labels.asked_by(row)

    @display(description=_("started"), ordering="started_at")
    def started(self, row: Build) -> str | None:
        return age(row.started_at)

    @display(description=_("duration"))
    def took(self, row: Build) -> str | None:
        return None if row.seconds is None else lasting(row.seconds)

    @display(description=_("files changed"), ordering="changed")
    def shown_changed(self, row: Build) -> str:
        return grouped(row.changed)

    @display(description=_("deployed"))
    def deployed(self, row: Build) -> str | None:
        return DEPLOYED[row.was_deployed]() if row.was_deployed in DEPLOYED else None  # type: ignore[attr-defined]  # annotated

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Build]:
        """With what became of its deployment, and whether one can go back to it."""
        deployments = Step.objects.filter(build=models.OuterRef("pk"), name="deploy")
        present = rollback.present()
        return (
            super()
            .get_queryset(request)
            .annotate(
                was_deployed=models.Subquery(deployments.order_by("-id").values("is_ok")[:1]),
                is_present=_is_one_of([present.pk] if present else []),
                is_kept=_is_one_of([point.build.pk for point in rollback.clean_points()]),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("start/", view(self.start), name="builds_build_start"),
            path("<int:pk>/rollback/", view(self.roll_back), name="builds_build_rollback"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With what is going on; who watched it gets a new list at its end."""
        now = live_build.watched_by(request)
        response = super().changelist_view(
            request, _page_context(request, now) | (extra_context or {})
        )
        if "HX-Request" in request.headers and not now:
            response["HX-Refresh"] = "true"
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        build: Build = kwargs["obj"]
        steps = list(build.steps.all())
        context |= _page_context(request, live_build.live(build)) | {
            "badges": self.shown_state(build),
            "kind": labels.kind(build),
            "who": labels.asked_by(build),
            "when": age(build.started_at),
            "took": self.took(build),
            "error": build.error,
            "numbers": {
                name: grouped(getattr(build, name) or 0)
                for name in ("changed", "resources", "pages", "files")
            },
            "set_aside": unrendered.pages_at(build.set_aside),
            "steps": [(step, labels.step_name(step), labels.counts(step)) for step in steps],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # -- what operators ask for

    def start(self, request: HttpRequest) -> HttpResponse:
        """Queue a build (POST): of what changed, of everything (`force`), or a `verify`."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._require_may(request)
        who, how = request.user.get_username(), request.POST.get("how", "")
        if self._is_free(request):
            state = request_build(who, extent=EXTENTS.get(how, Extent.CHANGES))
            live_build.remember(request, state.task_id)
            self.message_user(request, QUEUED.get(how, QUEUED[""]))
        return self.back(request)

    def roll_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The question whether to go back to the state that a build made; by POST, the answer."""
        self._require_may(request)
        build = get_object_or_404(Build, pk=pk)
        try:
            point = rollback.point(pk)
        except RefusedError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect(self.row_url(build))
        if request.method != "POST":
            return self._ask_about(request, point)
        return self._roll_back(request, point)

    def _ask_about(self, request: HttpRequest, point: Point) -> HttpResponse:
        title = gettext("Put the site back to build #%d") % point.build.pk
        since = Build.objects.filter(pk__gt=point.build.pk, state=Build.State.DONE)
        context = {
            "point": point,
            "files": point.files,
            "taken_down": point.taken_down,
            "when": age(point.build.started_at),
            "since": [
                (each, labels.kind(each), labels.asked_by(each), age(each.started_at))
                for each in since[:UNDONE_SHOWN]
            ],
            "more": max(since.count() - UNDONE_SHOWN, 0),
            "row_url": self.row_url(point.build),
        }
        page = self.page(request, title, **context)
        return TemplateResponse(request, "admin/builds/roll_back.html", page)

    def _roll_back(self, request: HttpRequest, point: Point) -> HttpResponse:
        with self.telling(request):
            point.require_clean()
            if self._is_free(request):
                live_build.ask(request, roll_back, point.build.pk, request.user.get_username())
                asked = gettext("Requested to put the site back to this")
                self.note(request, [point.build.pk], asked, done="roll_back")
                self.message_user(request, gettext("Putting the site back is queued."))
        return redirect(self.list_url())

    def _require_may(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MAY):
            raise PermissionDenied

    def _is_free(self, request: HttpRequest) -> bool:
        """Whether nothing is under way; said, if something is."""
        now = live_build.watched_by(request)
        if now:
            busy = gettext("Another build is running or queued; try again when it has ended.")
            self.message_user(request, busy, messages.WARNING)
        return not now


EXTENTS = {"force": Extent.EVERYTHING, "verify": Extent.VERIFICATION}
QUEUED = {
    "": _("A build is queued."),
    "force": _("A full build is queued."),
    "verify": _("A verification is queued."),
}
DEPLOYED = {
    True: lambda: badge(gettext("yes"), "success"),
    False: lambda: badge(gettext("failed"), "danger"),
}


def _badges(row: Any) -> Iterator[str]:  # an annotated build
    """How it ended, and whether the site is in its state, or could be."""
    state = Build.State(row.state)
    yield badge(state.label, STATE_COLOURS.get(state, ""))
    if row.is_present:
        yield badge(gettext("on the site"), "primary")
    elif row.is_kept:
        yield badge(gettext("kept"))
    if left := len(row.set_aside):
        yield badge(ngettext("%d page set aside", "%d pages set aside", left) % left, "warning")


def _is_one_of(keys: list[int]) -> models.Case:
    """Whether a row is one of these."""
    found = models.When(pk__in=keys, then=models.Value(value=True))
    return models.Case(found, default=models.Value(value=False))


def _page_context(request: HttpRequest, now: live_build.Live) -> dict[str, Any]:
    """What each page of builds says: what goes on, and whether the site waits for a person."""
    return {
        "live": now,
        "held": BuildState.get().held_build,
        "may_build": request.user.has_perm(MAY),
        "site_address": settings.GHOST.site_address,
    }
