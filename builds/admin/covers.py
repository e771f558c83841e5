"""Covers, and the cover in the form of its resource."""

from __future__ import annotations

from django.contrib import admin
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from builds import covers
from builds.covers.form import CoveredForm
from builds.models import Cover
from ghost.core.admin.model_admin import ReadOnlyAdmin, display
from resources.admin import ResourceAdmin
from resources.models import Resource


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


@display(description=_("cover"))
def cover_preview(row: Resource) -> str:
    cover = Cover.objects.filter(resource=row).first() if row.pk else None
    context = {"row": row, "cover": cover, "why": row.cover_error}
    return render_to_string("admin/builds/cover.html", context)


ResourceAdmin.show_also(cover_preview, after="cover_image_url")
ResourceAdmin.ask_also(CoveredForm, "cover", "remove_cover", after="cover_image_url")
