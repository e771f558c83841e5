"""By what operators narrow the list of resources."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from resources.admin.forms import tree_choices
from resources.models import Category, Resource
from resources.models.queryset import ResourceQuerySet
from resources.states import State


class StateFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        return list(State.choices)

    def queryset(
        self, request: HttpRequest, queryset: ResourceQuerySet[Resource]
    ) -> ResourceQuerySet[Resource]:
        """Those in the state asked for; all for an unknown one."""
        asked = self.value()
        return queryset.in_state(State(asked)) if asked in State.values else queryset


class CategoryFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By category, what lies below it included."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        return [(str(pk), name) for pk, name in tree_choices()]

    def queryset(
        self, request: HttpRequest, queryset: ResourceQuerySet[Resource]
    ) -> ResourceQuerySet[Resource]:
        """Those in the subtree asked for."""
        try:
            top = int(self.value() or "")
        except ValueError:
            return queryset
        return queryset.filter(category__in=_subtree(top))


def _subtree(top: int) -> list[int]:
    found: list[int] = []
    depth: int | None = None
    for place in Category.objects.tree():
        if place.category.pk == top:
            depth = place.depth
        elif depth is not None and place.depth <= depth:
            break
        if depth is not None:
            found.append(place.category.pk)
    return found
