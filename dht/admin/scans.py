"""Health scans: how far they are, what they found and changed; starting and stopping one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from dht.admin.samples import health_badge
from dht.health import requests
from dht.models import HealthSample, Scan, ScanState
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from ghost.core.admin.operators_named import NamesOperators
from ghost.core.audit import people
from ghost.core.text.durations import lasting

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STATE_COLOURS = {
    ScanState.OPEN: "info",
    ScanState.DONE: "success",
    ScanState.STOPPED: "warning",
    ScanState.FAILED: "danger",
}
REFRESH_S = 2
CHANGES_SHOWN = 100
TRIGGERS: dict[str, _StrPromise] = {
    "schedule": _("the schedule"),
    "command": _("the command line"),
}
_SHOWN_FIELDS = ("resource__title", "was", "status", "method", "num_peers", "num_seeds", "scan")


def scanned_by(scan: Scan) -> str:
    """Who or what asked for a scan."""
    who = TRIGGERS.get(scan.trigger)
    if who:
        return str(who)
    return gettext("by hand: %s") % scan.trigger if people.can_see_people() else gettext("by hand")


def progress(scan: Scan) -> str:
    """How many are checked, and of how many if that is not all."""
    checked, total = grouped(scan.checked), grouped(scan.total)
    if checked == total:
        return checked
    return gettext("%(checked)s of %(total)s") % {"checked": checked, "total": total}


def in_words(scan: Scan) -> str:
    """What it found so far, in a line."""
    counts = {name: grouped(getattr(scan, name)) for name in COUNTED} | {"checked": progress(scan)}
    return (
        gettext(
            "%(checked)s checked, %(found)s found alive; now %(active)s active, %(stale)s stale,"
            " %(unknown)s unknown; %(changed)s changed."
        )
        % counts
    )


def grouped(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


COUNTED: dict[str, _StrPromise] = {
    "checked": pgettext_lazy("how many", "checked"),
    "found": pgettext_lazy("how many", "found alive"),
    "active": pgettext_lazy("how many", "active"),
    "stale": pgettext_lazy("how many", "stale"),
    "unknown": pgettext_lazy("how many", "unknown"),
    "changed": pgettext_lazy("how many", "changed"),
}


def _count(name: str) -> Callable[[ScanAdmin, Scan], str]:
    @display(description=COUNTED[name], ordering=name)
    def shown(self: ScanAdmin, row: Scan) -> str:
        return grouped(getattr(row, name))

    return shown


@admin.register(Scan)
class ScanAdmin(NamesOperators[Scan], ReadOnlyAdmin[Scan]):
    naming_fields = frozenset({"trigger"})
    list_display = [
        "number", "shown_state", "shown_trigger", "requested_at", "took", "shown_checked",
        "shown_found", "shown_active", "shown_stale", "shown_unknown", "shown_changed",
    ]  # fmt: skip
    list_display_links = ["number"]
    list_filter = [("state", ChoicesDropdownFilter), "requested_at"]
    list_filter_submit = True
    search_fields = ["trigger", "error"]
    search_help_text = _("Requester, or error")
    list_before_template = "admin/dht/start_scan.html"
    change_form_outer_before_template = "admin/dht/progress.html"
    change_form_outer_after_template = "admin/dht/changes.html"
    fields = [
        ("shown_state", "shown_trigger"),
        ("requested_at", "started_at"),
        ("ended_at", "took"),
    ]
    readonly_fields = ["shown_state", "shown_trigger", "took"]
    actions = ["stop"]
    shown_found = _count("found")
    shown_active = _count("active")
    shown_stale = _count("stale")
    shown_unknown = _count("unknown")
    shown_changed = _count("changed")

    @display(description=_("scan"), ordering="id")
    def number(self, row: Scan) -> str:
        return f"#{row.pk}"

    @display(description=_("state"), ordering="state")
    def shown_state(self, row: Scan) -> str:
        state = ScanState(row.state)
        return badge(state.label, STATE_COLOURS.get(state, ""))

    @display(description=_("requested by"), ordering="trigger")
    def shown_trigger(self, row: Scan) -> str:
        return scanned_by(row)

    @display(description=_("duration"))
    def took(self, row: Scan) -> str | None:
        return lasting(row.seconds) if row.started_at else None

    @display(description=COUNTED["checked"], ordering="checked")
    def shown_checked(self, row: Scan) -> str:
        return progress(row)

    def get_urls(self) -> list[URLPattern]:
        mine = path("start/", self.admin_site.admin_view(self.start), name="dht_scan_start")
        return [mine, *super().get_urls()]

    def has_stop_permission(self, request: HttpRequest) -> bool:
        """Whoever may start one: health is a part of the resources."""
        return bool(request.user.has_perm("resources.change_resource"))

    def start(self, request: HttpRequest) -> HttpResponse:
        """Queue a scan of all resources (POST)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_stop_permission(request):
            raise PermissionDenied
        with self.telling(request):
            scan = requests.ask(request.user.get_username())
            if scan.joined:
                said = gettext("Health scan #%d is running; it checks all resources.") % scan.pk
            else:
                said = gettext("A health scan of all resources is queued.")
            self.message_user(request, said, messages.SUCCESS)
        return self.back(request)

    @admin.action(description=_("Stop"), permissions=["stop"])
    def stop(self, request: HttpRequest, queryset: models.QuerySet[Scan]) -> HttpResponse:
        """End those that are under way; what they saved stays."""
        ended = [scan.pk for scan in queryset if scan.stop()]
        self.note(request, ended, gettext("Stopped"), done="stop")
        if ended:
            said = gettext("The scan is stopped; what it has checked is kept.")
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(request, gettext("It had ended already."), messages.WARNING)
        return self.back(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        scan: Scan = kwargs["obj"]
        context |= {
            "list_url": self.list_url(),
            "may_stop": self.has_stop_permission(request),
            "progress": progress(scan),
            "error": scan.error,
            "counts": _counts(scan),
            "changes": _changes(scan),
            "left_out": max(scan.changed - CHANGES_SHOWN, 0),
        }
        response = super().render_change_form(request, context, *args, **kwargs)
        if scan.is_open:  # without scripts: the page asks for itself again
            response["Refresh"] = str(REFRESH_S)
        return response


def _counts(scan: Scan) -> list[tuple[str, str]]:
    """What each count is called, and how much it is."""
    counts = {name: grouped(getattr(scan, name)) for name in COUNTED}
    counts |= {"checked": progress(scan)}
    return [(str(COUNTED[name]), said) for name, said in counts.items()]


def _changes(scan: Scan) -> list[tuple[HealthSample, str, str]]:
    """The newest changes, with the health before and after."""
    rows = scan.samples.changes().select_related("resource").only(*_SHOWN_FIELDS)[:CHANGES_SHOWN]
    return [(row, health_badge(row.was), health_badge(row.status)) for row in rows]
