"""What operators see of a resource, in the list and in the form."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ghost.core.admin.model_admin import ModelAdmin, badge, display
from resources import sizes
from resources.admin import checksums
from resources.models import DhtStatus, ProbeStatus, Resource
from resources.states import State
from resources.torrents import metadata

FILES_SHOWN = 2000
FILES_OPEN = 20
"""So many are few enough to be shown at once, not folded."""

STATE_COLOURS = {
    State.REVIEW: "warning",
    State.LIVE: "success",
    State.HELD: "warning",
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


class ResourceColumns(ModelAdmin[Resource]):
    """Columns of the list and facts of the form."""

    @display(description=_("title"), ordering="title", header=True)
    def title_and_tags(self, row: Resource) -> list[str]:
        return [row.title, ", ".join(row.tags[:5])]

    @display(description=_("state"))
    def shown_state(self, row: Resource) -> str:
        """With its probe, where that went otherwise than well."""
        state = badge(row.state.label, STATE_COLOURS.get(row.state, ""))
        if row.probe_status == ProbeStatus.OK:
            return state
        return format_html('<span class="ghost-badges">{} {}</span>', state, self.probe(row))

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

    @display(description=_("probe error"))
    def why(self, row: Resource) -> str:
        return str(row.probe_error)

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

    @display(description=_("tags"))
    def tags_in_words(self, row: Resource) -> str:
        return ", ".join(row.tags)

    @display(description=_("description"))
    def body_as_typed(self, row: Resource) -> str:
        return format_html('<div class="ghost-typed">{}</div>', row.content_markdown)

    @display(description=_("checksums"))
    def checksums_as_lines(self, row: Resource) -> str:
        told = checksums.lines(row.checksums)
        return format_html('<div class="ghost-typed ghost-code">{}</div>', told) if told else "–"


def _sized(nodes: list[metadata.Node]) -> list[dict[str, Any]]:
    return [
        {
            "name": node["name"],
            "size": sizes.human(node["size"]),
            "children": _sized(node.get("children", [])),
        }
        for node in nodes
    ]
