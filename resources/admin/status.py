"""The line above a resource's form: how it stands, and what can be done now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ghost.core.text.reasons import Reason
from resources import reasons
from resources.admin.columns import HEALTH_COLOURS, PROBE_COLOURS, STATE_COLOURS
from resources.models import DhtStatus, ProbeStatus, Resource
from resources.publishing import etags
from resources.states import State


def show(
    row: Resource, *, may_change: bool, also: Iterable[tuple[str, str, str]] = ()
) -> dict[str, Any]:
    """For templates/admin/resources/status.html; `also` are further buttons of what stands."""
    return {
        "facts": _facts(row),
        "why": _why_held(row),
        "buttons": _buttons(row, also) if may_change else [],
        "public_url": row.public_url or "",
    }


def _why_held(row: Resource) -> Reason | str:
    """Why its probe failed, or what was found that keeps it from the public; empty if nothing."""
    if row.is_held_as_private:
        return reasons.HELD_AS_PRIVATE()
    return "" if row.probe_status == ProbeStatus.OK else row.probe_error


def _facts(row: Resource) -> list[tuple[str, str, str | None]]:
    """Name, value and colour of what matters most about a row."""
    health, probe = DhtStatus(row.dht_status), ProbeStatus(row.probe_status)
    return [
        (_("State"), str(row.state.label), STATE_COLOURS.get(row.state)),
        (_("Health"), str(health.label), HEALTH_COLOURS.get(health)),
        (_("Probe"), str(probe.label), PROBE_COLOURS.get(probe)),
    ]


def _buttons(row: Resource, also: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    """The actions that make sense for a row as it stands."""
    if row.takedown_at:
        return [_button("restore", _("Restore"), "undo", "primary")]
    found = []
    if row.state == State.REVIEW:
        approve = _button("approve", _("Approve"), "check", "primary")
        found.append(approve | {"version": etags.etag(row)})
        found.append(_button("send_back", _("Send back…"), "reply"))
    found.append(_button("probe_again", _("Probe again"), "travel_explore"))
    found += [_button(*button) for button in also]
    if Resource.objects.filter(pk=row.pk).unprobed().exists():
        found.append(_button("publish_unprobed", _("Publish without a probe"), "task_alt"))
    if row.is_held_as_private:
        found.append(_button("let_through", _("Let through"), "lock_open"))
    return [*found, _button("take_down", _("Take down…"), "gavel", "danger")]


def _button(action: str, label: str, icon: str, variant: str = "default") -> dict[str, str]:
    return {"action": action, "label": label, "icon": icon, "variant": variant}
