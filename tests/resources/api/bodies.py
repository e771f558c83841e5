"""What tests of the API send, and the catalog's revision that it moves."""

from ghost.core.catalog.models import Catalog
from tests import make


def body(**kwargs) -> dict:
    if "category_id" not in kwargs:
        kwargs["category_id"] = make.category().pk
    return {"title": "A title", "magnet_uri": make.magnet()} | kwargs


def revision() -> int:
    return Catalog.get().revision
