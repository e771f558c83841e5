"""What the API takes in and answers about resources and categories. Leans on resources.models."""

from resources.schemas.inputs import (
    CategoryChange,
    CategoryId,
    CategoryIn,
    ResourceChange,
    ResourceFilter,
    ResourceId,
    ResourceIn,
    SendBackIn,
    TakedownIn,
    TorrentIn,
)
from resources.schemas.outputs import (
    BulkItemOut,
    BulkOut,
    CategoryOut,
    CheckedOut,
    MetadataOut,
    PlaceOut,
    QueuedOut,
    ResourceItem,
    ResourceOut,
)

__all__ = [
    "BulkItemOut",
    "BulkOut",
    "CategoryChange",
    "CategoryId",
    "CategoryIn",
    "CategoryOut",
    "CheckedOut",
    "MetadataOut",
    "PlaceOut",
    "QueuedOut",
    "ResourceChange",
    "ResourceFilter",
    "ResourceId",
    "ResourceIn",
    "ResourceItem",
    "ResourceOut",
    "SendBackIn",
    "TakedownIn",
    "TorrentIn",
]
