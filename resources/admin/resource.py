"""Resources, as operators see and edit them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ghost.admin_site import badge, display
from ghost.errors import RefusedError
from resources import magnets, metadata, sizes
from resources.admin.actions import ResourceActions
from resources.admin.filters import CategoryFilter, State, StateFilter, state_of
from resources.admin.forms import ResourceForm, tree_choices
from resources.models import DhtStatus, ProbeStatus, Resource
from resources.probing import prober

FILES_SHOWN = 2000
FILES_OPEN = 20
"""So many are few enough to be shown at once, not folded."""
SAMPLES_SHOWN = 20

STATE_COLOURS = {
    State.PUBLIC: "success",
    State.WAITING: "warning",
    State.SCHEDULED: "info",
    State.TAKEN_DOWN: "danger",
}
HEALTH_COLOURS = {DhtStatus.ACTIVE: "success", DhtStatus.STALE: "danger"}
PROBE_COLOURS = {
    ProbeStatus.OK: "success",
    ProbeStatus.PENDING: "info",
    ProbeStatus.INACTIVE: "danger",
    ProbeStatus.TIMEOUT: "warning",
    ProbeStatus.UNAVAILABLE: "warning",
}


@admin.register(Resource)
class ResourceAdmin(ResourceActions):
    form = ResourceForm
    list_display = [
        "title_and_tags",
        "shown_state",
        "category",
        "publisher_and_team",
        "health",
        "probe",
        "size",
        "published_at",
    ]
    list_display_links = ["title_and_tags"]
    list_select_related = ["category", "publisher", "team"]
    list_filter = [
        StateFilter,
        ("dht_status", ChoicesDropdownFilter),
        ("probe_status", ChoicesDropdownFilter),
        CategoryFilter,
        ("team", RelatedDropdownFilter),
    ]
    list_filter_submit = True
    search_fields = ["title", "^magnet_hash", "^magnet_hash_v2", "tag_index__name"]
    search_help_text = _("Title, tag, info-hash in any spelling, or a magnet link")
    autocomplete_fields = ["publisher", "team"]
    change_form_outer_before_template = "admin/resources/status.html"
    fieldsets = [
        (None, {"fields": ["title", "magnet_uri", "category", "tags", "content_markdown"]}),
        (
            _("Publishing"),
            {"fields": ["publisher", "team", "published_at", "cover_image_url", "cover_preview"]},
        ),
        (_("Files"), {"fields": ["size", "file_count", "files"], "classes": ["tab"]}),
        (
            _("Probe and health"),
            {
                "fields": [
                    ("probe", "probe_attempts"),
                    ("probed_at", "probe_due_at"),
                    "probe_error",
                    ("health", "num_peers"),
                    ("last_dht_check", "dht_misses"),
                    "samples",
                ],
                "classes": ["tab"],
            },
        ),
        (
            _("Record"),
            {
                "fields": [
                    "magnet_hash",
                    "magnet_hash_v2",
                    ("created_at", "updated_at"),
                    ("takedown_at", "takedown_reason"),
                ],
                "classes": ["tab"],
            },
        ),
    ]
    readonly_fields = [
        "tags_in_words", "body_as_typed", "cover_preview", "size", "file_count", "files", "probe",
        "probe_attempts", "probed_at", "probe_due_at", "probe_error", "health", "num_peers", "last_dht_check", "dht_misses",
        "samples", "magnet_hash", "magnet_hash_v2", "created_at", "updated_at", "takedown_at",
        "takedown_reason",
    ]  # fmt: skip

    # -- columns and facts

    @display(description=_("title"), ordering="title", header=True)
    def title_and_tags(self, row: Resource) -> list[str]:
        return [row.title, ", ".join(row.tags[:5])]

    @display(description=_("state"))
    def shown_state(self, row: Resource) -> str:
        state = state_of(row)
        return badge(state.label, STATE_COLOURS.get(state, ""))

    @display(description=_("publisher"), ordering="publisher__display_name", header=True)
    def publisher_and_team(self, row: Resource) -> list[str]:
        return [row.publisher.display_name, row.team.name if row.team else ""]

    @display(description=_("health"), ordering="dht_status")
    def health(self, row: Resource) -> str:
        status = DhtStatus(row.dht_status)
        return badge(status.label, HEALTH_COLOURS.get(status, ""))

    @display(description=_("probe"), ordering="probe_status")
    def probe(self, row: Resource) -> str:
        status = ProbeStatus(row.probe_status)
        return badge(status.label, PROBE_COLOURS.get(status, ""))

    @display(description=_("size"), ordering="total_size_bytes")
    def size(self, row: Resource) -> str | None:
        return row.total_size_human

    @display(description=_("file list"))
    def files(self, row: Resource) -> str:
        found = metadata.load(row.magnet_hash) if row.magnet_hash else None
        files = found.files if found else ()
        return render_to_string(
            "admin/resources/files.html",
            {
                "nodes": _sized(metadata.tree(files[:FILES_SHOWN])),
                "left_out": max(len(files) - FILES_SHOWN, 0),
                "is_short": len(files) <= FILES_OPEN,
            },
        )

    @display(description=_("recent look-ups"))
    def samples(self, row: Resource) -> str:
        # By the relation's name: `dht` lies above this app.
        found = row.health_samples.all()[:SAMPLES_SHOWN] if row.pk else ()
        return render_to_string("admin/resources/samples.html", {"samples": found})

    @display(description=_("cover"))
    def cover_preview(self, row: Resource) -> str:
        return render_to_string("admin/resources/cover.html", {"row": row})

    @display(description=_("tags"))
    def tags_in_words(self, row: Resource) -> str:
        return ", ".join(row.tags)

    @display(description=_("description"))
    def body_as_typed(self, row: Resource) -> str:
        return format_html('<div class="ghost-typed">{}</div>', row.content_markdown)

    # -- the form

    def get_fieldsets(self, request: HttpRequest, obj: Resource | None = None) -> Any:
        """Who may only look sees words instead of inputs' raw values."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        shown = {"tags": "tags_in_words", "content_markdown": "body_as_typed"}
        (title, options), *others = self.fieldsets
        fields = [shown.get(str(name), name) for name in options["fields"]]
        return [(title, {**options, "fields": fields}), *others]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "category":
            field.choices = tree_choices(_("Select value"))
        return field

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        if obj.store():
            transaction.on_commit(partial(prober().enqueue, obj.pk))

    def has_delete_permission(self, request: HttpRequest, obj: Resource | None = None) -> bool:
        """What is public is taken down or withdrawn first, so that it leaves the site."""
        is_allowed = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or not obj.is_public)

    def delete_model(self, request: HttpRequest, obj: Resource) -> None:
        obj.discard()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Resource], search_term: str
    ) -> tuple[models.QuerySet[Resource], bool]:
        return super().get_search_results(request, queryset, _as_hash(search_term))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Resource | None = None,
    ) -> HttpResponse:
        if obj is not None:
            may_change = self.has_change_permission(request, obj)
            context |= {
                "list_url": self.list_url(),
                "facts": _facts(obj),
                "buttons": _buttons(obj) if may_change else [],
                "public_url": public_address(obj) if obj.is_public else "",
            }
        return super().render_change_form(request, context, add, change, form_url, obj)


def _sized(nodes: list[metadata.Node]) -> list[dict[str, Any]]:
    return [
        {
            "name": node["name"],
            "size": sizes.human(node["size"]),
            "children": _sized(node.get("children", [])),
        }
        for node in nodes
    ]


def _facts(row: Resource) -> list[tuple[str, str, str | None]]:
    """Name, value and colour of what matters most about a row."""
    state, health, probe = state_of(row), DhtStatus(row.dht_status), ProbeStatus(row.probe_status)
    return [
        (gettext("State"), str(state.label), STATE_COLOURS.get(state)),
        (gettext("Health"), str(health.label), HEALTH_COLOURS.get(health)),
        (gettext("Probe"), str(probe.label), PROBE_COLOURS.get(probe)),
    ]


def _buttons(row: Resource) -> list[dict[str, str]]:
    """The actions that make sense for a row as it stands."""
    if row.takedown_at:
        return [_button("restore", gettext("Restore"), "undo", "primary")]
    found = [_button("probe_again", gettext("Probe again"), "travel_explore")]
    if row.probed_at is None and row.probe_status != ProbeStatus.SKIPPED:
        found.append(_button("publish_unprobed", gettext("Publish without a probe"), "task_alt"))
    return [*found, _button("take_down", gettext("Take down…"), "gavel", "danger")]


def _button(action: str, label: str, icon: str, variant: str = "default") -> dict[str, str]:
    return {"action": action, "label": label, "icon": icon, "variant": variant}


def public_address(row: Resource) -> str:
    """Where the public site shows it."""
    return f"{settings.GHOST.public_baseurl}resources/{row.pk}/"


def _as_hash(term: str) -> str:
    """A magnet link or an info-hash in any spelling, as it is stored; other words as they are."""
    try:
        if term.lower().startswith("magnet:"):
            return magnets.parse(term).hash
        return magnets.normal_hash(term)
    except RefusedError:
        return term
