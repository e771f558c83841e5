"""What the settings open to the network, beyond what they need to: unwise, and no mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from ghost.core.io.ip_ranges import is_loopback


class Exposure(NamedTuple):
    """What lies open, and what to do."""

    told: str
    advice: str


def found() -> Iterator[Exposure]:
    """All of them."""
    ghost = settings.GHOST
    if ghost.behind_tls and not ghost.hsts_include_subdomains:
        yield Exposure(
            _("browsers are told to use TLS for this name alone"),
            _("Set GHOST_HSTS_INCLUDE_SUBDOMAINS=1 if every name below it has TLS too."),
        )
    if ghost.deploy_mode == "integrated" and not ghost.site_host:
        yield Exposure(
            _(
                "publishers' pages are served on the admin's own origin (GHOST_DEPLOY_MODE=integrated)"
            ),
            _(
                "Give the site a name of its own with GHOST_SITE_HOST, or let another server serve it."
            ),
        )
    if ghost.metrics_enabled and ghost.metrics_key is None and not is_loopback(ghost.host):
        yield Exposure(
            _("/metrics is read by whoever reaches the web server"),
            _("Set GHOST_METRICS_KEY, and give it to the monitor as bearer token."),
        )
    if not ghost.behind_tls and not is_loopback(ghost.host):
        yield Exposure(
            _("passwords and tokens can come without TLS: the web server listens on %s")
            % ghost.host,
            _(
                "Put a proxy with TLS before it, then set GHOST_BEHIND_TLS=1 and GHOST_TRUSTED_PROXIES."
            ),
        )
