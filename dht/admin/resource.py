"""What the engine adds to a resource's page and to the list: its health over time, and a check."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from dht.admin import charts
from dht.admin.samples import health_badge
from dht.health import requests
from dht.models import HealthSample
from ghost.core.admin.model_admin import display
from ghost.core.text.durations import age
from resources.admin import ResourceAdmin
from resources.models import Resource
from resources.models.queryset import ResourceQuerySet

DAYS = 90
SAMPLES_DRAWN = 500
SAMPLES_LISTED = 20


@display(description=_("health over time"))
def health_over_time(row: Resource) -> str:
    """A chart of the newest samples, and a table of the very newest."""
    since = timezone.now() - timedelta(days=DAYS)
    recent = HealthSample.objects.filter(resource=row, checked_at__gte=since)
    samples = list(recent[:SAMPLES_DRAWN]) if row.pk else []
    listed = [(s, age(s.checked_at), health_badge(s.status)) for s in samples[:SAMPLES_LISTED]]
    return render_to_string(
        "admin/dht/health.html",
        {"row": row, "chart": charts.draw(samples[::-1]), "count": len(samples), "samples": listed},
    )


@admin.action(description=_("Check health now"), permissions=["change"])
def check_health(
    model_admin: ResourceAdmin, request: HttpRequest, queryset: ResourceQuerySet[Resource]
) -> HttpResponse:
    """Look the chosen ones up, in the scan that is under way if there is one."""
    rows = Resource.objects.standing().filter(pk__in=queryset.order_by().values("pk"))
    ids = list(rows.values_list("pk", flat=True))
    with model_admin.telling(request):
        if ids:
            requests.ask(request.user.get_username(), only=ids)
            asked = gettext("Health check requested")
            model_admin.note(request, ids, asked, done="check_health")
        said = ngettext("%d health check queued.", "%d health checks queued.", len(ids))
        level = messages.SUCCESS if ids else messages.WARNING
        model_admin.message_user(request, said % len(ids), level)
    return model_admin.back(request)


ResourceAdmin.show_also(health_over_time, after="last_dht_check")
ResourceAdmin.offer_also(check_health, icon="monitor_heart")
