"""What all of our commands share."""

from __future__ import annotations

from django.core.management.base import BaseCommand

INSTALLATION = "installation"
"""Tag of the check whether this machine has what Ghost needs."""


class GhostCommand(BaseCommand):
    """Looks at the installation before it begins, and not at addresses, forms and pages of the admin: those are the
    web's, `manage.py check` looks at them, and to read them would double the time to start."""

    requires_system_checks = [INSTALLATION]
