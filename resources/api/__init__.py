"""The API of resources and categories: each module puts its endpoints on `routers`.

Leans on `publishing`, which it calls, and on `schemas`, in which it answers.
"""

from __future__ import annotations

from resources.api import category_tree, changing, creating, moderation, reading
from resources.api.routers import categories, resources

__all__ = [
    "categories",
    "category_tree",
    "changing",
    "creating",
    "moderation",
    "reading",
    "resources",
]
