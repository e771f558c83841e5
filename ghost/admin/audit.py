"""The audit trail, to look at: who did what to which row, and what changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.views import ChangeList

from ghost.core.admin.model_admin import ReadOnlyAdmin, badge, display
from ghost.core.admin.operators_named import NamesOperators
from ghost.core.audit import people
from ghost.core.audit.models import ActorKind, AuditEvent

NAMED_FIELDS = 3
"""Of what changed, so many fields are named in the list."""
ADDRESSES = 20
"""So many are offered to choose from."""
FOLDED_CHARS = 300
"""Longer texts are shown when they are asked for."""
KIND_COLOURS = {ActorKind.TOKEN: "info", ActorKind.OPERATOR: "primary"}
OF_ALL = frozenset({"build.trigger"})
"""Actions on the site as a whole: their key is no build's."""


class FieldChange(NamedTuple):
    """One field that an action changed, as texts; None where there was nothing."""

    name: str
    before: str | None
    after: str | None


class ValuesFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By the values that a column has."""

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        """All of them, in order."""
        column = self.parameter_name
        values = AuditEvent.objects.order_by(column).values_list(column, flat=True).distinct()
        return [(value, self.shown(value)) for value in values]

    def shown(self, value: str) -> str:
        return value

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[AuditEvent]) -> Any:
        """Those of the value asked for."""
        wanted = self.value()
        return queryset.filter(**{self.parameter_name: wanted}) if wanted else queryset


class ActionFilter(ValuesFilter):
    title = _("what")
    parameter_name = "action"


class ObjectFilter(ValuesFilter):
    """By what it was done to."""

    title = _("kind of object")
    parameter_name = "object_type"

    def shown(self, value: str) -> str:
        """The name of its table."""
        return kind_name(value)


class TrailList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """The list, each event with the page of its row."""

    def get_results(self, request: HttpRequest) -> None:
        """A query for each kind of object on the page."""
        super().get_results(request)
        events: list[Any] = list(self.result_list)  # type: ignore[has-type]  # unfold has no types
        links = dict(links_of(events, request))
        for event in events:
            event.link = links.get(event.pk, "")
        self.result_list = events


class AddressFilter(DropdownFilter):  # type: ignore[misc]  # unfold has no types
    """By where somebody came from: the latest addresses that were refused most often."""

    title = _("address")
    parameter_name = "address"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[Any]:
        """Some, or none for whom they are none of his business."""
        if not people.can_see_people():
            return []
        rows = AuditEvent.objects.exclude(address="").order_by()
        often = rows.values("address").annotate(sum=models.Sum("times")).order_by("-sum")
        return [(row["address"], f"{row['address']} ({row['sum']})") for row in often[:ADDRESSES]]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[AuditEvent]) -> Any:
        """Those from there."""
        wanted = self.value()
        return queryset.filter(address=wanted) if wanted and people.can_see_people() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(NamesOperators[AuditEvent], ReadOnlyAdmin[AuditEvent]):
    has_trail = False
    naming_fields = frozenset({"actor_name", "object_name", "changes", "address"})
    list_display = ["shown_at", "who", "action", "what", "shown_changes", "shown_address"]
    list_display_links = ["shown_at"]
    list_filter = [
        ("actor_kind", ChoicesDropdownFilter),
        ActionFilter,
        ObjectFilter,
        AddressFilter,
        "at",
    ]
    list_filter_submit = True
    search_fields = ["actor_name", "object_name", "=object_key", "=request_id", "=address"]
    search_help_text = _("Who, object, its key, the address, or the request's id")
    show_full_result_count = False
    fields = [
        ("shown_at", "who"),
        ("action", "what"),
        ("request_id", "shown_address"),
        "changes_in_full",
    ]
    readonly_fields = ["shown_at", "who", "what", "shown_address", "changes_in_full"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:
        return TrailList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEvent | None:
        """With the page of its row."""
        event: Any = super().get_object(request, object_id, from_field)
        if event is not None:
            event.link = dict(links_of([event], request)).get(event.pk, "")
        return event  # type: ignore[no-any-return]  # as above

    @display(description=_("when"), ordering="at")
    def shown_at(self, row: AuditEvent) -> str:
        """To the second: actions follow each other fast."""
        return f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}"

    @display(description=_("who"), ordering="actor_name")
    def who(self, row: AuditEvent) -> str:
        kind = ActorKind(row.actor_kind)
        mark = badge(kind.label, KIND_COLOURS.get(kind, ""))
        name = people.actor_of(row)
        return format_html('<span class="ghost-badges">{} {}</span>', name, mark)

    @display(description=_("object"), ordering="object_name")
    def what(self, row: Any) -> str:  # an event with its link
        name = Truncator(people.object_of(row)).chars(80) or row.object_key
        kind = kind_name(row.object_type)
        if not row.link:
            return format_html('<span>{} <span class="ghost-quiet">{}</span></span>', name, kind)
        return format_html(
            '<span><a class="ghost-link" href="{}">{}</a> <span class="ghost-quiet">{}</span></span>',
            row.link, name, kind,
        )  # fmt: skip

    @display(description=_("address"), ordering="address")
    def shown_address(self, row: AuditEvent) -> str | None:
        """From where, and how often within a minute."""
        if not row.address or not people.can_see_people():
            return None
        return f"{row.address} × {row.times}" if row.times > 1 else row.address

    @display(description=_("changes"))
    def shown_changes(self, row: AuditEvent) -> str:
        names = [field_name(row.object_type, name) for name, _sides in in_order(row)]
        more = len(names) - NAMED_FIELDS
        told = ", ".join(names[:NAMED_FIELDS])
        if more <= 0:
            return told
        return gettext("%(names)s and %(more)s") % {
            "names": told,
            "more": ngettext("%d more", "%d more", more) % more,
        }

    @display(description=_("changes"))
    def changes_in_full(self, row: AuditEvent) -> str:
        changes = [
            FieldChange(field_name(row.object_type, name), *map(as_text, sides))
            for name, sides in in_order(row)
        ]
        context = {"changes": changes, "most": FOLDED_CHARS}
        return render_to_string("admin/ghost/changes.html", context)


def as_text(value: object) -> str | None:
    """What a field held, for people."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list) and all(isinstance(each, (str, int)) for each in value):
        return "\n".join(map(str, value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, indent=1)
    return str(value)


def models_by_name() -> dict[str, type[models.Model]]:
    """What operators meet, by the names that actions begin with."""
    registered = filter(admin.site.is_registered, apps.get_models())
    return {str(model._meta.model_name): model for model in registered}


def kind_name(object_type: str) -> str:
    """What a kind of object is called."""
    model = models_by_name().get(object_type)
    return str(model._meta.verbose_name) if model else object_type


def in_order(row: AuditEvent) -> list[tuple[str, list[Any]]]:
    """What changed, in the order of the model's fields: PostgreSQL keeps no order in JSON."""
    model = models_by_name().get(row.object_type)
    known = [field.attname for field in model._meta.concrete_fields] if model else []
    places = {name: place for place, name in enumerate(known)}
    return sorted(
        people.changes_of(row).items(), key=lambda c: (places.get(c[0], len(known)), c[0])
    )


def field_name(object_type: str, name: str) -> str:
    """What a field is called."""
    model = models_by_name().get(object_type)
    try:
        field: Any = model._meta.get_field(name.removesuffix("_id")) if model else None
    except FieldDoesNotExist:
        return name
    told = getattr(field, "verbose_name", name)
    return capfirst(str(told)) if isinstance(told, (str, Promise)) else name


def links_of(events: Iterable[AuditEvent], request: HttpRequest) -> Iterator[tuple[int, str]]:
    """The address of the row of each event, if it is there and this person may see it."""
    known = models_by_name()
    wanted = [e for e in events if e.object_type in known and e.action not in OF_ALL]
    wanted.sort(key=lambda event: event.object_type)
    for kind, group in groupby(wanted, key=lambda event: event.object_type):
        model, some = known[kind], list(group)
        if admin.site.get_model_admin(model).has_view_permission(request):
            left = _existing(model, {event.object_key for event in some})
            name = f"admin:{model._meta.app_label}_{kind}_change"
            yield from (
                (event.pk, reverse(name, args=(event.object_key,)))
                for event in some
                if event.object_key in left
            )


def _existing(model: type[models.Model], keys: set[str]) -> set[str]:
    found = model._default_manager.filter(pk__in=keys).values_list("pk", flat=True)
    return {str(pk) for pk in found}
