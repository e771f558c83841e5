"""What is published: fields, then the sets of them, then the verbs. See docs/decisions/0019. Leans on resources.torrents and teams."""

from resources.models.category import Category
from resources.models.hashes.block import Block
from resources.models.hashes.text_hash import TextHash
from resources.models.resource import Resource
from resources.models.tag import ResourceTag
from resources.states import DhtStatus, ProbeStatus

__all__ = [
    "Block",
    "Category",
    "DhtStatus",
    "ProbeStatus",
    "Resource",
    "ResourceTag",
    "TextHash",
]
