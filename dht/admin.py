"""What look-ups found, to look at; and the button that starts a scan."""

from __future__ import annotations

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from dht.models import HealthSample
from dht.tasks import scan_health
from ghost.admin_site import ReadOnlyAdmin, badge, display
from resources.admin import ResourceAdmin
from resources.admin.columns import HEALTH_COLOURS
from resources.models import DhtStatus, Resource

SAMPLES_SHOWN = 20


@admin.register(HealthSample)
class HealthSampleAdmin(ReadOnlyAdmin[HealthSample]):
    list_display = ["resource", "checked_at", "shown_status", "method", "num_nodes", "num_peers"]
    list_select_related = ["resource"]
    list_filter = [("status", ChoicesDropdownFilter), "checked_at"]
    list_filter_submit = True
    search_fields = ["resource__title", "^resource__magnet_hash"]
    search_help_text = _("Title or start of the info-hash")
    date_hierarchy = "checked_at"
    list_before_template = "admin/dht/scan.html"

    @display(description=_("health"), ordering="status")
    def shown_status(self, row: HealthSample) -> str:
        status = DhtStatus(row.status)
        return badge(status.label, HEALTH_COLOURS.get(status, ""))

    def get_urls(self) -> list[URLPattern]:
        mine = path("scan/", self.admin_site.admin_view(self.scan), name="dht_scan")
        return [mine, *super().get_urls()]

    def scan(self, request: HttpRequest) -> HttpResponse:
        """Queue a scan of all resources (POST), for whoever may change resources."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("resources.change_resource"):
            raise PermissionDenied
        transaction.on_commit(partial(async_task, scan_health, is_all=True))
        self.message_user(
            request,
            gettext("A health scan of all resources is queued; results come in as it runs."),
        )
        return self.back(request)


@display(description=_("recent look-ups"))
def samples(row: Resource) -> str:
    found = HealthSample.objects.filter(resource=row)[:SAMPLES_SHOWN] if row.pk else ()
    return render_to_string("admin/dht/samples.html", {"samples": found})


ResourceAdmin.show_also(samples, after="last_dht_check")
