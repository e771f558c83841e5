"""What is published."""

from resources.models.block import Block
from resources.models.category import Category
from resources.models.resource import DhtStatus, ProbeStatus, Resource, ResourceTag

__all__ = [
    "Block",
    "Category",
    "DhtStatus",
    "ProbeStatus",
    "Resource",
    "ResourceTag",
]
