"""What look-ups found, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from dht.models import HealthSample
from dht.models.sample import HealthSampleQuerySet
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from resources.admin.columns import HEALTH_COLOURS
from resources.models import DhtStatus


def health_badge(status: str) -> str:
    """A health status in its colour."""
    known = DhtStatus(status)
    return badge(known.label, HEALTH_COLOURS.get(known, ""))


class ChangedFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """Those that gave a resource another status."""

    title = _("change")
    parameter_name = "changed"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        return [("yes", _("health changed"))]

    def queryset(self, request: HttpRequest, queryset: HealthSampleQuerySet) -> Any:
        """The changes; all unless they are asked for."""
        return queryset.changes() if self.value() == "yes" else queryset


@admin.register(HealthSample)
class HealthSampleAdmin(ReadOnlyAdmin[HealthSample]):
    list_display = [
        "resource", "checked_at", "before", "shown_status", "method", "num_nodes", "num_peers",
        "num_seeds",
    ]  # fmt: skip
    list_select_related = ["resource"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ChangedFilter,
        ("method", ChoicesDropdownFilter),
        "checked_at",
    ]
    list_filter_submit = True
    search_fields = ["resource__title_folded__holds", "^resource__magnet_hash"]
    search_help_text = _("Title or start of the info-hash")
    date_hierarchy = "checked_at"
    list_before_template = "admin/dht/of_scan.html"
    fields = [
        "resource",
        ("scan", "checked_at"),
        ("before", "shown_status"),
        "method",
        ("num_nodes", "num_peers", "num_seeds"),
    ]
    readonly_fields = ["before", "shown_status"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[HealthSample]:
        """Without the resources' texts: each may have 100 kB."""
        return super().get_queryset(request).defer("resource__content_markdown")

    @display(description=_("before"), ordering="was")
    def before(self, row: HealthSample) -> str | None:
        """Only where it changed: so that this is seen."""
        return health_badge(row.was) if row.was != row.status else None

    @display(description=_("health"), ordering="status")
    def shown_status(self, row: HealthSample) -> str:
        return health_badge(row.status)
