"""The tree of categories."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from ninja import Status

from ghost.core.http.schema.schemas import problems
from resources.api.routers import categories
from resources.models import Category
from resources.schemas import (
    CategoryChange,
    CategoryId,
    CategoryIn,
    CategoryOut,
    PlaceOut,
)
from teams.auth import Bearer, TokenRequest
from teams.policy import Action


@categories.get(
    "/tree",
    auth=Bearer(Action.CATEGORY_LIST),
    response={200: list[PlaceOut]},
    operation_id="category_list",
    summary="List the category tree",
)
def list_categories(request: TokenRequest) -> list[PlaceOut]:
    """List all categories in the order of the tree: each category comes after its parent and before the
    parent's next sibling.
    """
    return [PlaceOut.from_place(place) for place in Category.objects.tree()]


@categories.post(
    "",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={201: CategoryOut},
    operation_id="category_create",
    summary="Create a category",
)
def create_category(request: TokenRequest, data: CategoryIn) -> Status[Category]:
    """Create a category, at most 12 levels deep.

    `400` (type `misplaced`): `parent_id` is unknown, or too deep. `409`: a sibling has the same slug.
    """
    category = Category(created_by=request.auth, **data.model_dump())
    with request.auth.turn():
        category.require_maker(request.auth)
        category.store()
    return Status(201, category)


@categories.put(
    "/{int:category_id}",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={200: CategoryOut, **problems(409)},
    operation_id="category_update",
    summary="Rename or move a category",
)
def update_category(
    request: TokenRequest, category_id: CategoryId, data: CategoryChange
) -> Category:
    """Rename or move a category with everything below it. A Publisher may change only a category that it
    created and in which nobody else has a resource or category.

    `400` (type `misplaced`): `parent_id` is unknown, too deep, or below the category itself. `409`: a
    sibling has the same slug.
    """
    with request.auth.turn():
        category = get_object_or_404(Category, pk=category_id)
        category.require_change_by(request.auth)
        category.change(data.model_dump(exclude_unset=True))
    return category


@categories.delete(
    "/{int:category_id}",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={204: None, **problems(400)},
    operation_id="category_delete",
    summary="Delete an empty category",
)
def delete_category(request: TokenRequest, category_id: CategoryId) -> Status[None]:
    """Delete a category that has neither subcategories nor resources, taken-down ones included (`400` if
    it has). A Publisher may delete only a category that it created.
    """
    with request.auth.turn():
        category = get_object_or_404(Category, pk=category_id)
        category.require_change_by(request.auth)
        category.discard()
    return Status(204, None)
