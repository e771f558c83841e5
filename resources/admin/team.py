"""What operators see of the catalog in the list of teams."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ghost.core.admin.model_admin import display
from teams.admin import TeamAdmin


@display(description=_("resources"), ordering="resources_now")
def resource_count(row: Any) -> int:
    return int(row.resources_now)


TeamAdmin.count_also(resource_count, of="resources")
