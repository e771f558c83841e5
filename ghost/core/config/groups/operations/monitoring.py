"""Who may see how the installation stands, and what it counts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field, SecretStr

from ghost.core.config.values import Group, Networks


class Monitoring(Group):
    """What monitoring is told."""

    heading = _("Monitoring")

    health_allowlist: Networks = Field(
        (),
        description="Addresses and networks that see the detail of /health without a token, separated"
        " by commas or as a JSON list.",
    )
    metrics_enabled: bool = Field(
        False, description="1 serves /metrics, in Prometheus' text format; 404 otherwise."
    )
    metrics_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Key of /metrics, sent as X-Ghost-Metrics-Key or as bearer token; empty: whoever reaches"
        " the web server reads it.",
    )
