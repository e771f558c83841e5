"""`ghost categories`: the tree, and new branches of it."""

from __future__ import annotations

import argparse

from ..errors import OK, Json, SetupError
from ..ghost_api import Ghost
from ..screen import Screen, shown
from .lists import in_tabs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing for the tree; `add` and a path for a new category."""
    parser.add_argument("action", nargs="?", choices=["add"], help="make a category")
    parser.add_argument(
        "path", nargs="?", metavar="PATH", help="its names, such as “Films/Short films”; missing parents are made"
    )  # fmt: skip


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """The tree, indented on a terminal; or the category that was made, or is there already."""
    describe = _indented if screen.is_terminal else _tabbed
    if args.action and not args.path:
        raise SetupError("Name the category: ghost categories add “Films/Short films”")
    for row in [ghost.add_category(args.path)] if args.action else ghost.categories():
        screen.result(row, [describe(row)])
    return OK


def _indented(row: Json) -> str:
    path = "  " * row["path"].count("/") + row["path"]
    return shown(f"{row['id']:>6}  {path}  {row['name']}  ({row['resource_count']})")


def _tabbed(row: Json) -> str:
    return in_tabs([row["id"], row["path"], row["name"], row["resource_count"]])
