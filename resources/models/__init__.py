"""What is published."""

from resources.models.block import Block
from resources.models.catalog import Catalog, Change
from resources.models.category import Category
from resources.models.resource import DhtStatus, ProbeStatus, Resource, ResourceTag

__all__ = [
    "Block",
    "Catalog",
    "Category",
    "Change",
    "DhtStatus",
    "ProbeStatus",
    "Resource",
    "ResourceTag",
]
