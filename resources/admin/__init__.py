"""The catalog in the operators' interface."""

from resources.admin.block import BlockAdmin
from resources.admin.category import CategoryAdmin
from resources.admin.resource import ResourceAdmin

__all__ = ["BlockAdmin", "CategoryAdmin", "ResourceAdmin"]
