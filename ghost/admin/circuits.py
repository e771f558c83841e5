"""What is left alone after failures: hosts of covers, trackers, targets, and services."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from ghost.core.circuits import Circuit

COLOURS = {
    Circuit.State.OPEN: "danger",
    Circuit.State.TRYING: "warning",
    Circuit.State.FAILING: "warning",
    Circuit.State.CLOSED: "success",
}


@admin.register(Circuit)
class CircuitAdmin(ReadOnlyAdmin[Circuit]):
    list_display = [
        "name", "kind", "shown_state", "failures", "open_until", "waiting", "why",
    ]  # fmt: skip
    list_filter = ["kind"]
    search_fields = ["name"]
    fields = [
        ("name", "kind"),
        ("shown_state", "failures"),
        ("opened_at", "open_until"),
        ("failed_at", "waiting"),
        "why",
    ]
    readonly_fields = ["shown_state", "why"]
    actions = ["try_again"]

    @display(description=_("state"))
    def shown_state(self, row: Circuit) -> str:
        return badge(row.state_label, COLOURS[row.state])

    @display(description=_("last error"))
    def why(self, row: Circuit) -> str:
        return str(row.last_error)

    def has_try_permission(self, request: HttpRequest) -> bool:
        """Whoever may change circuits: the rows themselves nobody edits."""
        return bool(request.user.has_perm("ghost.change_circuit"))

    @admin.action(description=_("Try again now"), permissions=["try"])
    def try_again(self, request: HttpRequest, queryset: models.QuerySet[Circuit]) -> HttpResponse:
        """Close these, and go on with what waits for them."""
        rows = Circuit.objects.filter(pk__in=queryset.order_by().values("pk")).failing()
        self.note(request, list(rows.values_list("pk", flat=True)), gettext("Tried again"))
        count = rows.reset()
        said = ngettext("%d circuit closed.", "%d circuits closed.", count) % count
        self.message_user(request, said, messages.SUCCESS if count else messages.WARNING)
        return self.back(request)
