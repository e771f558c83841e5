"""Categories by the paths that people and files write: `/films/old` (slugs), `films/old` (slugs, or names as
they are written), `Films/Old`. What may be two of them is refused, never guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ghost.core.errors import RefusedError
from ghost.core.text.unicode import one_line
from resources import slugs
from resources.models.category import Category, Place


class CategoryPaths:
    """The tree as it is now, to find its places by."""

    def __init__(self, places: Iterable[Place] | None = None) -> None:
        self._by_slugs: dict[str, Place] = {}
        self._by_names: defaultdict[str, list[Place]] = defaultdict(list)
        self._alike: defaultdict[str, list[Place]] = defaultdict(list)
        """By whatever somebody may write for them: in any case, and names with `/` in them."""
        for place in Category.objects.tree() if places is None else places:
            self._by_slugs[place.path] = place
            self._by_names["/".join(place.names)].append(place)
            for alike in {place.path, _slugged("/".join(place.names))}:
                self._alike[alike].append(place)

    def find(self, path: str) -> Category | None:
        """The category that this path means; None if there is none. RefusedError if it may mean two."""
        if path.startswith("/"):
            place = self._by_slugs.get(path[1:])
            return place.category if place else None
        found = self._meant(path)
        if len(found) > 1:
            named = " or ".join(f"“{' / '.join(p.names)}” (/{p.path})" for p in found[:3])
            raise RefusedError(
                f"The category “{path}” may be {named}: write one of these paths of slugs."
            )
        return found[0].category if found else None

    def exact(self, place: Place) -> str:
        """A path that means this one alone."""
        return place.path if len(self._meant(place.path)) == 1 else f"/{place.path}"

    def _meant(self, path: str) -> list[Place]:
        alike = self._alike[_slugged(path)]
        if path in self._by_slugs:
            return list({p.category.pk: p for p in (self._by_slugs[path], *alike)}.values())
        names = "/".join(one_line(name) for name in path.split("/"))
        return self._by_names[names] or alike


def _slugged(path: str) -> str:
    return "/".join(slugs.make(part.strip()) for part in path.split("/"))
