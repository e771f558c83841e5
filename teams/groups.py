"""The operators' groups in the admin, and what each may do there."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import models, transaction

OURS = ("teams", "resources", "dht", "builds")
QUEUE = "django_q"
MODERATED = (
    "change_resource",
    "add_category", "change_category", "delete_category",
    "add_block", "change_block", "delete_block",
)  # fmt: skip
SEEN_OF_THE_FLOOR = (
    "view_alert", "view_alertrule", "view_auditevent", "view_backup", "view_circuit",
    "view_delivery", "view_queueentry",
)  # fmt: skip
CARE_OF_THE_FLOOR = (
    "change_alert", "change_alertrule", "change_circuit", "make_backup", "download_backup",
)  # fmt: skip
QUEUE_CARE = ("change_schedule", "change_failure", "delete_failure")
"""Pausing, retrying and dismissing; schedules are made by the code alone, since they can run
anything, and what ended well is pruned by the queue itself."""


def sync() -> None:
    """Make Viewer, Moderator and Operator, with exactly these permissions. Safe to repeat."""
    with transaction.atomic():
        for name, permissions in _wanted().items():
            _set(name, permissions)


def is_out_of_step() -> bool:
    """Whether a group is missing, or has other permissions than `sync` gives it."""
    for name, permissions in _wanted().items():
        group = Group.objects.filter(name=name).first()
        if group is None:
            return True
        wanted = set(permissions.values_list("pk", flat=True))
        if wanted != set(group.permissions.values_list("pk", flat=True)):
            return True
    return False


def _wanted() -> dict[str, models.QuerySet[Permission]]:
    """The permissions of each group."""
    seen = models.Q(content_type__app_label__in=[*OURS, QUEUE], codename__startswith="view_")
    history = models.Q(content_type__app_label="admin", codename="view_logentry")
    floor = models.Q(content_type__app_label="ghost", codename__in=SEEN_OF_THE_FLOOR)
    trail = history | floor
    moderated = models.Q(content_type__app_label="resources", codename__in=MODERATED)
    ours = models.Q(content_type__app_label__in=OURS)
    care = models.Q(content_type__app_label="ghost", codename__in=CARE_OF_THE_FLOOR)
    queue = models.Q(content_type__app_label=QUEUE, codename__in=QUEUE_CARE)
    return {
        "Viewer": Permission.objects.filter(seen | trail),
        "Moderator": Permission.objects.filter(seen | trail | moderated),
        "Operator": Permission.objects.filter(seen | trail | ours | queue | care),
    }


def _set(name: str, permissions: Iterable[Permission]) -> None:
    group, _made = Group.objects.get_or_create(name=name)
    group.permissions.set(permissions)
