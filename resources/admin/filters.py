"""By what operators narrow the list of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from resources.admin.forms import tree_choices
from resources.models import Category
from resources.models.querysets import ResourceQuerySet

if TYPE_CHECKING:
    from resources.models import Resource


class State(models.TextChoices):
    """Where a resource stands on its way to the public site."""

    PUBLIC = "public", _("public")
    WAITING = "waiting", _("waiting")
    SCHEDULED = "scheduled", _("scheduled")
    DRAFT = "draft", _("draft")
    TAKEN_DOWN = "taken_down", _("taken down")


def state_of(row: Resource) -> State:
    """The state of one row; `in_state` says the same of a set."""
    if row.takedown_at:
        return State.TAKEN_DOWN
    if row.published_at is None:
        return State.DRAFT
    if row.published_at > timezone.now():
        return State.SCHEDULED
    return State.PUBLIC if row.is_public else State.WAITING


def in_state(rows: ResourceQuerySet, state: str | None) -> ResourceQuerySet:
    """Those of `rows` in that state; all of them for an unknown one."""
    now = timezone.now()
    match state:
        case State.PUBLIC:
            return rows.public()
        case State.TAKEN_DOWN:
            return rows.taken_down()
        case State.DRAFT:
            return rows.standing().filter(published_at=None)
        case State.SCHEDULED:
            return rows.standing().filter(published_at__gt=now)
        case State.WAITING:
            probed = rows.public().values("pk")
            return rows.standing().filter(published_at__lte=now).exclude(pk__in=probed)
        case _:
            return rows


class StateFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By state."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        """The states."""
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: ResourceQuerySet) -> ResourceQuerySet:
        """Those in the state asked for."""
        return in_state(queryset, self.value())


class CategoryFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By category, what lies below it included."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        """The tree."""
        return [(str(pk), name) for pk, name in tree_choices()]

    def queryset(self, request: HttpRequest, queryset: ResourceQuerySet) -> ResourceQuerySet:
        """Those in the subtree asked for."""
        value = str(self.value() or "")
        if not value.isdigit():
            return queryset
        return queryset.filter(category__in=_subtree(int(value)))


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
