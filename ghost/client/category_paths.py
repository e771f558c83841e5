"""Categories by the paths that people write: `films/short` (slugs) or `Films/Short` (names)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from .errors import Json, SetupError


def known_id(tree: Sequence[Json], path: str) -> int | None:
    """The id of the category of this path; None if there is none."""
    return _ids_by_path(tree).get(path.casefold())


def find_id(tree: Sequence[Json], path: str) -> int:
    """The id of the category of this path; SetupError, with what may be meant, if there is none."""
    found = known_id(tree, path)
    if found is None:
        near = similar(path.casefold(), [row["path"] for row in tree])
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise SetupError(
            f"There is no category “{path}”.{hint} All of them: ghost categories; to make it:"
            f" ghost categories add {path!r}"
        )
    return found


def _ids_by_path(tree: Sequence[Json]) -> dict[str, int]:
    """By path of slugs, and by path of names; where they differ the slugs win."""
    ids: dict[str, int] = {}
    names: dict[int | None, str] = {None: ""}
    for row in tree:
        name = names[row["id"]] = f"{names.get(row['parent_id'], '')}/{row['name']}"
        ids.setdefault(name[1:].casefold(), row["id"])
    return ids | {row["path"].casefold(): row["id"] for row in tree}


def similar(wanted: str, paths: Sequence[str]) -> list[str]:
    """At most three paths that end with what is wanted, else that are written much like it."""
    below = [path for path in paths if f"/{path}".endswith(f"/{wanted}")]
    if below:
        return below[:3]
    last_parts = {path.rpartition("/")[2]: path for path in paths}
    close = difflib.get_close_matches(wanted, [*paths, *last_parts], n=3)
    return list(dict.fromkeys(last_parts.get(match, match) for match in close))
