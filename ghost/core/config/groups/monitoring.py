"""Who may see how the installation stands."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from ghost.core.config.values import Group, Networks


class Monitoring(Group):
    """What monitoring is told."""

    heading = _("Monitoring")

    health_allowlist: Networks = Field(
        (),
        description="Addresses and networks that see the detail of /health without a token, separated"
        " by commas or as a JSON list.",
    )
