"""What the site calls things: the tree of categories, publishers and teams, with their slugs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from builds.data.entry import Facts
from resources import slugs
from resources.models import Category
from resources.models.category import in_order
from teams.models import Team, Token


class Crumb(NamedTuple):
    """A category on the way to another one."""

    name: str
    path: str


class Node(NamedTuple):
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


class Person(NamedTuple):
    """A publisher or a team, by the names that the public may know."""

    name: str
    slug: str


@dataclass(frozen=True)
class Names:
    """All of them at one moment, by id; categories in tree order."""

    nodes: dict[int, Node]
    people: dict[int, Person]
    teams: dict[int, Person]

    @classmethod
    def read(cls) -> Self:
        """As the catalog has them now, in three queries."""
        return cls(
            nodes=_nodes(),
            people=_named(Token.objects.order_by("pk").values_list("pk", "display_name")),
            teams=_named(Team.objects.order_by("pk").values_list("pk", "name")),
        )

    def know(self, facts: Facts) -> bool:
        """Whether a resource's category, publisher and team are among them."""
        is_in_team = facts.team is None or facts.team in self.teams
        return facts.category in self.nodes and facts.publisher in self.people and is_in_team

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "nodes": list(self.nodes.values()),
            "people": [[pk, *person] for pk, person in self.people.items()],
            "teams": [[pk, *person] for pk, person in self.teams.items()],
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `plain`; empty if it is."""
        return cls(
            nodes={row[0]: _node(row) for row in plain.get("nodes", [])},
            people={pk: Person(*person) for pk, *person in plain.get("people", [])},
            teams={pk: Person(*person) for pk, *person in plain.get("teams", [])},
        )


def _node(row: list[Any]) -> Node:
    *fields, trail, chain = row
    return Node._make([*fields, tuple(Crumb(*crumb) for crumb in trail), tuple(chain)])


def _nodes() -> dict[int, Node]:
    children: dict[int | None, list[Category]] = {}
    for row in sorted(Category.objects.order_by(), key=in_order):
        children.setdefault(row.parent_id, []).append(row)
    nodes: dict[int, Node] = {}

    def walk(parent: Node | None) -> None:
        for row in children.get(parent.id if parent else None, []):
            nodes[row.pk] = _placed(row, parent)
            walk(nodes[row.pk])

    walk(None)
    return nodes


def _placed(row: Category, parent: Node | None) -> Node:
    path = f"{parent.path}/{row.slug}" if parent else row.slug
    return Node(
        row.pk, row.name, row.slug, row.parent_id, row.root_id or row.pk, row.sort_order,
        path,
        parent.depth + 1 if parent else 0,
        (*(parent.trail if parent else ()), Crumb(row.name, path)),
        (*(parent.chain if parent else ()), row.pk),
    )  # fmt: skip


def _named(rows: Iterable[tuple[int, str]]) -> dict[int, Person]:
    """Names with slugs of their own: the first of a name has the bare one and keeps it."""
    found: dict[int, Person] = {}
    taken: set[str] = set()
    for pk, name in rows:
        slug = slugs.make(name)
        while slug in taken:
            slug = f"{slug}-{pk}"
        taken.add(slug)
        found[pk] = Person(name, slug)
    return found
