"""The sidebar of the operators' pages, and what their search looks into."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Item = tuple[str | Promise, str, str, str]
"""Title, icon, the admin's view, and the permission that it takes."""
GROUPS: list[tuple[str | Promise, list[Item]]] = [
    (
        "",
        [(_("Dashboard"), "dashboard", "index", "")],
    ),
    (
        _("Catalog"),
        [
            (_("Resources"), "deployed_code", "resources_resource", "resources.view_resource"),
            (_("Categories"), "account_tree", "resources_category", "resources.view_category"),
            (_("Blocklist"), "block", "resources_block", "resources.view_block"),
            (_("Health scans"), "radar", "dht_scan", "dht.view_scan"),
            (_("Health samples"), "monitor_heart", "dht_healthsample", "dht.view_healthsample"),
        ],
    ),
    (
        _("Publishing"),
        [
            (_("Builds"), "construction", "builds_build", "builds.view_build"),
            (
                _("Deployments"),
                "cloud_upload",
                "builds_deployment",
                "builds.view_deployment",
            ),
            (_("Covers"), "image", "builds_cover", "builds.view_cover"),
        ],
    ),
    (
        _("People"),
        [
            (_("Tokens"), "key", "teams_token", "teams.view_token"),
            (_("Teams"), "groups", "teams_team", "teams.view_team"),
            (_("Operators"), "badge", "auth_user", "auth.view_user"),
            (_("Operators' groups"), "shield_person", "auth_group", "auth.view_group"),
        ],
    ),
    (
        _("System"),
        [
            (_("Alerts"), "notifications", "ghost_alert", "ghost.view_alert"),
            (_("Alert rules"), "rule", "ghost_alertrule", "ghost.view_alertrule"),
            (_("Messages"), "outgoing_mail", "ghost_delivery", "ghost.view_delivery"),
            (_("Queue"), "list_alt", "ghost_queueentry", "ghost.view_queueentry"),
            (_("Failed tasks"), "error", "django_q_failure", "django_q.view_failure"),
            (_("Ended tasks"), "task_alt", "django_q_success", "django_q.view_success"),
            (_("Schedules"), "schedule", "django_q_schedule", "django_q.view_schedule"),
            (_("Circuits"), "electrical_services", "ghost_circuit", "ghost.view_circuit"),
            (_("Backups"), "backup", "ghost_backup", "ghost.view_backup"),
            (_("Git backup"), "commit", "ghost_gitbackup", "ghost.view_backup"),
            (_("Audit trail"), "history", "ghost_auditevent", "ghost.view_auditevent"),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, with what this person may see."""
    return [_group(request, title, items) for title, items in GROUPS]


def _group(request: HttpRequest, title: str | Promise, items: list[Item]) -> dict[str, Any]:
    may = request.user.has_perm
    return {
        "title": title,
        "separator": bool(title),
        "items": [
            {"title": name, "icon": icon, "link": _address(view)}
            for name, icon, view, permission in items
            if not permission or may(permission)
        ],
    }


def _address(view: str) -> str:
    return reverse("admin:index" if view == "index" else f"admin:{view}_changelist")


def searched_models(request: HttpRequest) -> list[str]:
    """What the command search (Ctrl K) looks into."""
    return ["resources.resource", "resources.category", "teams.team", "teams.token"]
