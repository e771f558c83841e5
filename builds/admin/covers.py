"""Covers and the hosts that they come from; the cover in the form of its resource."""

from __future__ import annotations

from functools import partial

from django.contrib import admin, messages
from django.db import models, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from builds import covers
from builds.covers.form import CoveredForm
from builds.models import Cover, CoverHost
from builds.tasks import localize_covers
from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from resources.admin import ResourceAdmin
from resources.models import Resource

HOST_COLOURS = {
    CoverHost.State.OPEN: "danger",
    CoverHost.State.TRYING: "warning",
    CoverHost.State.FAILING: "warning",
    CoverHost.State.CLOSED: "success",
}


@admin.register(Cover)
class CoverAdmin(ReadOnlyAdmin[Cover]):
    list_display = [
        "resource", "picture", "dimensions", "fetched_at", "uploaded_by", "attempts", "why",
    ]  # fmt: skip
    list_select_related = ["resource"]
    list_filter = ["fetched_at"]
    search_fields = ["resource__title_folded__holds"]
    fields = [
        "resource", "picture", "dimensions", "digest", "fetched_at", "uploaded_by", "attempts", "why",
    ]  # fmt: skip
    readonly_fields = ["picture", "dimensions", "why"]

    @display(description=_("picture"))
    def picture(self, row: Cover) -> str | None:
        if not row.digest or row.resource.cover_image_path is None:
            return None
        url = reverse("admin:builds_cover_image", args=(row.pk,))
        return format_html('<img class="ghost-thumb" src="{}?thumb" alt="">', url)

    @display(description=_("dimensions"))
    def dimensions(self, row: Cover) -> str | None:
        return f"{row.width} × {row.height}" if row.digest else None

    @display(description=_("last error"))
    def why(self, row: Cover) -> str:
        return str(row.resource.cover_error)

    def get_urls(self) -> list[URLPattern]:
        mine = path(
            "<int:pk>/image/", self.admin_site.admin_view(self.image), name="builds_cover_image"
        )
        return [mine, *super().get_urls()]

    def image(self, request: HttpRequest, pk: int) -> FileResponse:
        """The cover as it is published; the public site may lie on another host."""
        row = get_object_or_404(Cover.objects.made(), pk=pk)
        where = covers.thumb_file if "thumb" in request.GET else covers.page_file
        file = where(row.digest)
        if not self.has_view_permission(request, row) or not file.is_file():
            raise Http404
        return FileResponse(file.open("rb"), content_type="image/webp")


@admin.register(CoverHost)
class CoverHostAdmin(ReadOnlyAdmin[CoverHost]):
    list_display = [
        "name", "shown_state", "failures", "open_until", "waiting", "failed_at", "why",
    ]  # fmt: skip
    search_fields = ["name"]
    fields = ["name", "shown_state", "failures", "open_until", "waiting", "failed_at", "why"]
    readonly_fields = ["shown_state", "why"]
    actions = ["try_again"]

    @display(description=_("state"))
    def shown_state(self, row: CoverHost) -> str:
        return badge(row.state_label, HOST_COLOURS[row.state])

    @display(description=_("last error"))
    def why(self, row: CoverHost) -> str:
        return str(row.last_error)

    def has_try_permission(self, request: HttpRequest) -> bool:
        """Whoever may change hosts: the rows themselves nobody edits."""
        return bool(request.user.has_perm("builds.change_coverhost"))

    @admin.action(description=_("Try again now"), permissions=["try"])
    def try_again(self, request: HttpRequest, queryset: models.QuerySet[CoverHost]) -> HttpResponse:
        """Close the circuits of these, and fetch what waits for them."""
        rows = CoverHost.objects.filter(pk__in=queryset.order_by().values("pk"))
        ids = list(rows.failing().values_list("pk", flat=True))
        with self.doing(request, ids, gettext("Tried again"), done="try_again"):
            rows.reset()
        if ids:
            enqueue = partial(queue.enqueue, localize_covers, kind=JobKind.COVERS)
            transaction.on_commit(enqueue)
        said = ngettext("%d host will be tried again.", "%d hosts will be tried again.", len(ids))
        level = messages.SUCCESS if ids else messages.WARNING
        self.message_user(request, said % len(ids), level)
        return self.back(request)


@display(description=_("cover"))
def cover_preview(row: Resource) -> str:
    cover = Cover.objects.filter(resource=row).first() if row.pk else None
    context = {"row": row, "cover": cover, "why": row.cover_error}
    return render_to_string("admin/builds/cover.html", context)


ResourceAdmin.show_also(cover_preview, after="cover_image_url")
ResourceAdmin.ask_also(CoveredForm, "cover", "remove_cover", after="cover_image_url")
