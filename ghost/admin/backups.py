"""Backups: which there are, whether each was proven and copied; making, proving and downloading them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ghost.admin.shortened_values import shortened
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display, register
from ghost.core.audit import trail
from ghost.core.http.transport import cache_control
from ghost.core.text.durations import age
from ghost.operations.backups import Kind, requests, second_place
from ghost.operations.backups.models import Backup
from resources import sizes

MAKE, DOWNLOAD = "ghost.make_backup", "ghost.download_backup"


@register(Backup)
class BackupAdmin(ReadOnlyAdmin[Backup]):
    list_display = ["name", "shown_kind", "made", "size", "sealed", "shown_proof", "shown_copy"]
    list_filter = ["kind", "is_encrypted", "is_proven"]
    search_fields = ["name"]
    ordering = ["-created_at"]
    list_before_template = "admin/ghost/backups.html"
    change_form_outer_before_template = "admin/ghost/backup.html"
    fields = [
        "name", "shown_kind", "host", "created_at", "size", "sealed",
        "read_at", "shown_proof", "proven_at", "told", "shown_copy", "copied_at", "why_not_copied",
    ]  # fmt: skip
    readonly_fields = [
        "shown_kind", "size", "sealed", "shown_proof", "told", "shown_copy", "why_not_copied"
    ]  # fmt: skip
    actions = ["verify"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Backup]:
        """Those that are kept."""
        return super().get_queryset(request) & Backup.objects.standing()

    @display(description=_("type"), ordering="kind")
    def shown_kind(self, row: Backup) -> str:
        return str(row.get_kind_display())

    @display(description=_("made"), ordering="created_at")
    def made(self, row: Backup) -> str | None:
        return age(row.created_at)

    @display(description=_("size"), ordering="bytes")
    def size(self, row: Backup) -> str:
        return sizes.human(row.bytes)

    @display(description=_("encrypted"), ordering="is_encrypted")
    def sealed(self, row: Backup) -> str:
        return badge(_("yes"), "success") if row.is_encrypted else badge(_("no"), "warning")

    @display(description=_("proof"), ordering="proven_at")
    def shown_proof(self, row: Backup) -> str:
        """What the last try to restore it came to, or that it was read at least."""
        if row.is_proven is False:
            return badge(_("can't be restored"), "danger")
        if row.is_proven:
            word = _("counted") if row.is_counted_only else _("restored")
            return format_html("{} {}", badge(word, "success"), age(row.proven_at))
        return badge(_("read whole"), "info") if row.read_at else badge(_("not yet"))

    @display(description=_("what the proof said"))
    def told(self, row: Backup) -> str:
        return str(row.proof)

    @display(description=_("second place"), ordering="copied_at")
    def shown_copy(self, row: Backup) -> str:
        to = second_place.address()
        if not to:
            return badge(_("none is set"))
        if row.copied_to == to:
            return badge(_("lies there"), "success")
        return badge(_("failed"), "danger") if row.copy_error else badge(_("waits"), "info")

    @display(description=_("why it is not copied"))
    def why_not_copied(self, row: Backup) -> str:
        return shortened(str(row.copy_error))

    # -- what can be done

    def has_make_permission(self, request: HttpRequest) -> bool:
        """Whoever may make backups may prove them."""
        return bool(request.user.has_perm(MAKE))

    @admin.action(description=_("Prove by a restore"), permissions=["make"])
    def verify(self, request: HttpRequest, queryset: models.QuerySet[Backup]) -> HttpResponse:
        rows = list(queryset)
        for row in rows:
            requests.request_proof(row)
        said = ngettext("%d proof is queued.", "%d proofs are queued.", len(rows)) % len(rows)
        self.message_user(request, said, messages.SUCCESS)
        return self.back(request)

    def get_urls(self) -> list[URLPattern]:
        """The usual addresses, those of the buttons, and the files."""
        wrap = self.admin_site.admin_view
        return [
            path("make/<slug:kind>/", wrap(self.make), name="ghost_backup_make"),
            path("<int:pk>/download/", wrap(self.download), name="ghost_backup_download"),
            *super().get_urls(),
        ]

    def make(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Queue a backup (POST)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_make_permission(request) or kind not in list(Kind):
            raise PermissionDenied
        requests.request_backup(Kind(kind))
        self.message_user(request, gettext("A backup is queued."), messages.SUCCESS)
        return self.back(request)

    @method_decorator(cache_control.secret)
    def download(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file of one. Who downloads it says first who he is: `ghost.accounts.confirmation`."""
        row = get_object_or_404(Backup.objects.standing(), pk=pk)
        if not may_download(request, row):
            raise PermissionDenied
        file = settings.GHOST.backup_dir / row.name
        if not file.is_file():
            told = gettext("Its file does not lie on this host, but on %s.") % row.host
            self.message_user(request, told, messages.WARNING)
            return redirect(self.row_url(row))
        trail.record("backup.download", row, None, {"name": row.name})
        return FileResponse(file.open("rb"), as_attachment=True, filename=row.name)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With what may be done with it."""
        row = self.get_object(request, object_id)
        context = {
            "may_make": self.has_make_permission(request),
            "may_download": row is not None and may_download(request, row),
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the buttons, and what is unwise."""
        context = {
            "may_make": self.has_make_permission(request),
            "is_encrypted": bool(settings.GHOST.age_recipient),
            "has_second_place": bool(second_place.address()),
        }
        return super().changelist_view(request, context | (extra_context or {}))


def may_download(request: HttpRequest, row: Backup) -> bool:
    """One that is not encrypted shows who publishes and who operates: superusers alone see all of
    that."""
    may = request.user.has_perm(DOWNLOAD)
    return bool(may and (row.is_encrypted or getattr(request.user, "is_superuser", False)))
