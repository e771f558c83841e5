"""What the site calls things: the tree of categories, publishers and teams, with their slugs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from builds.data.entry import Entry
from resources import slugs
from resources.models import Category
from resources.models.category import in_order
from teams.models import Team, Token


class Crumb(NamedTuple):
    """A step of the way to a category: one above it, or itself."""

    name: str
    path: str


class CategoryNode(NamedTuple):
    """A category where it stands: 0 for a root, slugs joined by `/`."""

    id: int
    name: str
    slug: str
    parent_id: int | None
    root_id: int
    sort_order: int
    path: str
    depth: int
    trail: tuple[Crumb, ...]
    """From the root to this one."""
    chain: tuple[int, ...]
    """Ids from the root to this one."""


class Profile(NamedTuple):
    """A publisher or a team, by the names that the public may know."""

    name: str
    slug: str


@dataclass(frozen=True)
class Taxonomy:
    """All names at one moment, by id; categories in tree order."""

    categories: dict[int, CategoryNode]
    publishers: dict[int, Profile]
    teams: dict[int, Profile]

    @classmethod
    def from_catalog(cls) -> Self:
        """As the catalog has them now, in three queries."""
        return cls(
            categories=_categories(),
            publishers=_named(Token.objects.order_by("pk").values_list("pk", "display_name")),
            teams=_named(Team.objects.order_by("pk").values_list("pk", "name")),
        )

    def includes(self, entry: Entry) -> bool:
        """Whether a resource's category, publisher and team are among them."""
        is_in_team = entry.team is None or entry.team in self.teams
        return (
            entry.category in self.categories and entry.publisher in self.publishers and is_in_team
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain lists, as `BuildState.taxonomy` stores them; `from_json` reads them."""
        return {
            "categories": list(self.categories.values()),
            "publishers": [[pk, *each] for pk, each in self.publishers.items()],
            "teams": [[pk, *each] for pk, each in self.teams.items()],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The inverse of `as_json`; nothing in it if `stored` is empty."""
        return cls(
            categories={row[0]: _node(row) for row in stored.get("categories", [])},
            publishers={pk: Profile(*each) for pk, *each in stored.get("publishers", [])},
            teams={pk: Profile(*each) for pk, *each in stored.get("teams", [])},
        )


def _node(row: list[Any]) -> CategoryNode:
    *fields, trail, chain = row
    return CategoryNode._make([*fields, tuple(Crumb(*crumb) for crumb in trail), tuple(chain)])


def _categories() -> dict[int, CategoryNode]:
    children: dict[int | None, list[Category]] = {}
    for row in sorted(Category.objects.order_by(), key=in_order):
        children.setdefault(row.parent_id, []).append(row)
    nodes: dict[int, CategoryNode] = {}

    def walk(parent: CategoryNode | None) -> None:
        for row in children.get(parent.id if parent else None, []):
            nodes[row.pk] = _placed(row, parent)
            walk(nodes[row.pk])

    walk(None)
    return nodes


def _placed(row: Category, parent: CategoryNode | None) -> CategoryNode:
    path = f"{parent.path}/{row.slug}" if parent else row.slug
    return CategoryNode(
        row.pk, row.name, row.slug, row.parent_id, row.root_id or row.pk, row.sort_order,
        path,
        parent.depth + 1 if parent else 0,
        (*(parent.trail if parent else ()), Crumb(row.name, path)),
        (*(parent.chain if parent else ()), row.pk),
    )  # fmt: skip


def _named(rows: Iterable[tuple[int, str]]) -> dict[int, Profile]:
    """Taxonomy with slugs of their own: the first of a name has the bare one and keeps it."""
    found: dict[int, Profile] = {}
    taken: set[str] = set()
    for pk, name in rows:
        slug = slugs.make(name)
        while slug in taken:
            slug = f"{slug}-{pk}"
        taken.add(slug)
        found[pk] = Profile(name, slug)
    return found
