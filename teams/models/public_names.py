"""Names that public pages show: whoever shows them must know when they change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string


def tell_renamed(row: models.Model) -> None:
    """Public pages show its name; the settings name who must know: docs/decisions/0004."""
    import_string(settings.PUBLIC_NAME_CHANGED)(row)
