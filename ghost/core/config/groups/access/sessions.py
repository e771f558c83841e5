"""How long operators stay signed in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from ghost.core.config.values import Group


class Sessions(Group):
    """When a session ends by itself. The defaults are those of NIST SP 800-63B-4 for two factors,
    with a day's work in place of a day."""

    heading = _("Sessions of operators")

    session_idle_min: int = Field(
        60,
        ge=1,
        le=10_080,
        description="Minutes without a page asked for after which an operator has to sign in again.",
    )
    session_max_hr: int = Field(
        12,
        ge=1,
        le=720,
        description="Hours after signing in at which an operator has to sign in again in any case.",
    )
