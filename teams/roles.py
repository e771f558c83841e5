"""The three roles of API tokens."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Values are the contract (SPEC: tokens)."""

    ADMIN = "Admin", _("Admin")
    PUBLISHER = "Publisher", _("Publisher")
    TEAM_MEMBER = "TeamMember", _("Team member")
