"""The catalog in the operators' interface. Leans on resources.publishing and resources.models."""

from resources.admin import team  # noqa: F401  # adds a column there
from resources.admin.block import BlockAdmin
from resources.admin.category import CategoryAdmin
from resources.admin.resource import ResourceAdmin

__all__ = ["BlockAdmin", "CategoryAdmin", "ResourceAdmin"]
