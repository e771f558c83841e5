"""Covers: fetched from where publishers say or uploaded, decoded, and encoded again as WebP. Leans on builds.run."""

from builds.covers.fetching import MAX_BYTES
from builds.covers.files import are_there, page_file, thumb_file
from builds.covers.localizing import due, localize
from builds.covers.upkeep import mend, tidy
from builds.covers.uploads import read, remove, too_big, upload

__all__ = [
    "MAX_BYTES",
    "are_there",
    "due",
    "localize",
    "mend",
    "page_file",
    "read",
    "remove",
    "thumb_file",
    "tidy",
    "too_big",
    "upload",
]
