"""Resources, as operators edit them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ghost.core.errors import RefusedError
from resources.admin import status
from resources.admin.actions import ResourceActions
from resources.admin.columns import ResourceColumns
from resources.admin.filters import CategoryFilter, StateFilter
from resources.admin.forms import ResourceForm, tree_choices
from resources.models import Resource
from resources.models.queryset import ResourceQuerySet
from resources.publishing import publish
from resources.torrents import magnets

AS_WORDS = {
    "tags": "tags_in_words",
    "content_markdown": "body_as_typed",
    "checksums": "checksums_as_lines",
}


@admin.register(Resource)
class ResourceAdmin(ResourceActions, ResourceColumns):
    audits_itself = True
    form = ResourceForm
    list_display = [
        "title_and_tags",
        "shown_state",
        "category",
        "publisher_and_team",
        "health",
        "size",
        "published_at",
    ]
    list_display_links = ["title_and_tags"]
    list_select_related = ["category", "publisher", "team"]
    list_filter = [
        StateFilter,
        ("dht_status", ChoicesDropdownFilter),
        ("seeds_band", ChoicesDropdownFilter),
        ("probe_status", ChoicesDropdownFilter),
        CategoryFilter,
        ("team", RelatedDropdownFilter),
    ]
    list_filter_submit = True
    search_fields = ["title"]  # `ResourceQuerySet.searched` looks further
    search_help_text = _("Title, tag, info-hash in any spelling, or a magnet link")
    autocomplete_fields = ["publisher", "team", "supersedes"]
    change_form_outer_before_template = "admin/resources/status.html"
    fieldsets: ClassVar[list[Any]] = [  # `show_also` adds to both
        (None, {"fields": ["title", "magnet_uri", "category", "tags", "content_markdown"]}),
        (
            _("Publishing"),
            {"fields": ["publisher", "team", "published_at", "cover_image_url"]},
        ),
        (
            _("Provenance"),
            {"fields": ["licence", "source_url", "supersedes", "checksums"]},
        ),
        (_("Files"), {"fields": ["size", "file_count", "files"], "classes": ["tab"]}),
        (
            _("Probe and health"),
            {
                "fields": [
                    ("probe", "probe_attempts"),
                    ("probed_at", "probe_due_at"),
                    "why",
                    ("health", "dht_changed_at"),
                    ("seeds", "seeds_band", "peers"),
                    ("last_seen_at", "missing_since", "dht_misses"),
                    "num_peers",
                    "is_private",
                    "last_dht_check",
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
    readonly_fields: ClassVar[list[Any]] = [
        "tags_in_words", "body_as_typed", "checksums_as_lines", "size", "file_count", "files", "probe", "probe_attempts",
        "probed_at", "probe_due_at", "why", "health", "dht_changed_at", "num_peers", "seeds", "peers", "seeds_band", "last_seen_at", "missing_since",
        "last_dht_check", "dht_misses", "magnet_hash", "magnet_hash_v2", "created_at", "updated_at", "takedown_at",
        "takedown_reason", "is_private",
    ]  # fmt: skip

    only_inputs: ClassVar[frozenset[str]] = frozenset()
    buttons_also: ClassVar[list[tuple[str, Any, str]]] = []

    @classmethod
    def show_also(cls, fact: Callable[[Resource], str], *, after: str) -> None:
        """A place in the form for what a room to the right knows of a resource.

        `fact` is a `display` function of the row; it comes after the field of that name.
        """
        [fields] = [o["fields"] for _name, o in cls.fieldsets if after in o["fields"]]
        fields.insert(fields.index(after) + 1, fact)
        cls.readonly_fields.append(fact)

    @classmethod
    def ask_also(cls, form: type[ResourceForm], *names: str, after: str) -> None:
        """Inputs that a room to the right brings: fields of its form, after the field of that
        name; its `store_also` takes them over."""
        cls.form = form
        [fields] = [o["fields"] for _name, o in cls.fieldsets if after in o["fields"]]
        at = fields.index(after) + 1
        fields[at:at] = names
        cls.only_inputs = cls.only_inputs.union(names)

    @classmethod
    def offer_also(cls, action: Callable[..., HttpResponse], *, icon: str) -> None:
        """An action of the list that a room to the right brings, with a button in the form."""
        cls.actions = [*cls.actions, action]
        label = getattr(action, "short_description", "")
        cls.buttons_also.append((action.__name__, label, icon))

    def get_fieldsets(self, request: HttpRequest, obj: Resource | None = None) -> Any:
        """Only inputs for a new one; who may only look sees words instead of raw values."""
        if obj is None:  # the tabs are of what is known later
            return [f for f in self.fieldsets if "tab" not in f[1].get("classes", [])]
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return [
            (title, {**options, "fields": self._in_words(options["fields"])})
            for title, options in self.fieldsets
        ]

    def _in_words(self, names: Any) -> list[Any]:
        return [
            AS_WORDS.get(n, n) if isinstance(n, str) else n
            for n in names
            if n not in self.only_inputs
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "category":
            field.choices = tree_choices(_("Select value"))
        return field

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        publish.store(obj)
        form.store_also(obj, by=request.user.get_username())
        for note in obj.notes:
            messages.warning(request, str(note))

    def has_delete_permission(self, request: HttpRequest, obj: Resource | None = None) -> bool:
        """What is public is taken down or withdrawn first, so that it leaves the site."""
        is_allowed = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or not obj.is_public)

    def delete_model(self, request: HttpRequest, obj: Resource) -> None:
        obj.discard()

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Resource], search_term: str
    ) -> tuple[models.QuerySet[Resource], bool]:
        words = _as_hash(search_term.replace("\0", ""))  # PostgreSQL takes no zero bytes
        rows = cast("ResourceQuerySet[Resource]", queryset)  # Django types it as any set of them
        return rows.searched(words), False

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
            stand = status.show(obj, may_change=may_change, also=self.buttons_also)
            context |= {"list_url": self.list_url(), **stand}
        return super().render_change_form(request, context, add, change, form_url, obj)


def _as_hash(term: str) -> str:
    """A magnet link or an info-hash in any spelling, as it is stored; other words as they are."""
    try:
        return magnets.normal_hash(term)
    except RefusedError:
        return term
