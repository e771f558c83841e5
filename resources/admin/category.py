"""The category tree, as operators see and edit it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.views import ChangeList

from ghost.core.admin.model_admin import ModelAdmin, display
from resources.admin.forms import INDENT, tree_choices
from resources.models import Category
from resources.models.category import Place


class TreeList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """The list in tree order, each row with its place."""

    def get_results(self, request: HttpRequest) -> None:
        """Without a search all of the tree; a search gives a flat list."""
        super().get_results(request)
        places = {place.category.pk: place for place in Category.objects.tree()}
        rows: list[Any] = list(self.result_list)  # type: ignore[has-type]  # unfold has no types
        for row in rows:
            row.place = places[row.pk]
        if not self.query and not request.GET.get("o"):
            order = {pk: number for number, pk in enumerate(places)}
            rows.sort(key=lambda row: order[row.pk])
        self.result_list = rows


@admin.register(Category)
class CategoryAdmin(ModelAdmin[Category]):
    audits_itself = True
    list_display = ["indented", "path", "resource_count", "sort_order", "created_by"]
    list_select_related = ["created_by"]
    list_per_page = 2000  # a tree in pages is no tree
    search_fields = ["name_folded__holds", "slug"]
    fields = [
        "name", "slug", "parent", "sort_order", "torznab_id", "created_by",
        ("created_at", "updated_at"),
    ]  # fmt: skip
    readonly_fields = ["created_by", "created_at", "updated_at"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return TreeList

    @display(description=_("name"))
    def indented(self, row: Category) -> str:
        place: Place = row.place  # type: ignore[attr-defined]  # from TreeList
        return INDENT * 2 * place.depth + row.name

    @display(description=_("address"))
    def path(self, row: Category) -> str:
        return f"/categories/{row.place.path}/"  # type: ignore[attr-defined]  # from TreeList

    @display(description=_("resources"))
    def resource_count(self, row: Category) -> str:
        place: Place = row.place  # type: ignore[attr-defined]  # from TreeList
        url = reverse("admin:resources_resource_changelist")
        return format_html(
            '<a class="ghost-link" href="{}?category={}">{}</a>', url, row.pk, place.resource_count
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "parent":
            field.choices = tree_choices(_("None (a root category)"))
        return field

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        obj.store()

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        obj.discard()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What stands in the way is shown before anybody asks."""
        rows = list(objs)
        listed, counts, perms, _none = super().get_deleted_objects(rows, request)
        return listed, counts, perms, [line for row in rows for line in _in_the_way(row)]


def _in_the_way(row: Category) -> list[str]:
    children = [child.name for child in row.children.all()]
    count = row.resources.count()
    told = ngettext("%d resource", "%d resources", count) % count
    return [gettext("Category: %s") % name for name in children] + ([told] if count else [])
