"""`ghost list` and `ghost teams`."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from ..bulk import MAX_ITEMS
from ..errors import OK, Json
from ..ghost_api import Ghost
from ..item_files import COLUMNS
from ..resource_fields import read_moment, shown_moment
from ..screen import Screen, fitted, shown

_WIDTHS = {"id": 8, "state": 10, "dht_status": 8, "total_size_human": 9, "created_at": 16}
_HEADS = ("id", "state", "health", "size", "created", "title")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `ghost list` takes; `ghost teams` takes nothing."""
    parser.add_argument("--q", metavar="TEXT", help="part of the title, or of a hash")
    parser.add_argument("--category", metavar="PATH_OR_ID")
    parser.add_argument("--tag")
    parser.add_argument("--team", type=int, metavar="ID")
    parser.add_argument("--state", help="draft, review, scheduled, held, live or taken_down")
    parser.add_argument("--health", help="Active, Stale or Unknown")
    parser.add_argument("--seeds", help="unknown, 0, 1-2, 3-9, 10-49, 50-199 or 200+")
    parser.add_argument("--missing-before", metavar="TIME", help="missing since before then")
    parser.add_argument(
        "--sort", help="newest, or seeds, missing_since or last_seen_at; with - before it downwards"
    )
    parser.add_argument("--probe", help="pending, ok, inactive, timeout, unavailable or skipped")
    parser.add_argument("--since", metavar="TIME", help="changed since then")
    parser.add_argument("--limit", type=int, metavar="N", help="at most this many (all)")
    parser.add_argument("--csv", action="store_true", help="as a table for other programs")


def run_teams(ghost: Ghost, _args: argparse.Namespace, screen: Screen) -> int:
    """The teams in scope: id and name."""
    for row in ghost.teams():
        screen.result(row, [in_tabs([row["id"], row["name"]])])
    return OK


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """The resources, each as it comes."""
    rows = _limited(ghost.resources(**_filters(ghost, args)), args.limit)
    if args.csv:
        _write_csv(rows)
    else:
        _write_lines(rows, screen)
    return OK


def _filters(ghost: Ghost, args: argparse.Namespace) -> Json:
    return {
        "q": args.q,
        "category_id": ghost.category_id(args.category) if args.category else None,
        "tag": args.tag,
        "team_id": args.team,
        "state": args.state,
        "dht_status": args.health,
        "seeds_band": args.seeds,
        "missing_before": read_moment(args.missing_before) if args.missing_before else None,
        "sort": args.sort,
        "probe_status": args.probe,
        "updated_since": read_moment(args.since) if args.since else None,
        "limit": min(args.limit, MAX_ITEMS) if args.limit else MAX_ITEMS,
    }


def _limited(rows: Iterator[Json], limit: int | None) -> Iterable[Json]:
    return islice(rows, limit) if limit and limit > 0 else rows


def _write_csv(rows: Iterable[Json]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "tags": ";".join(row["tags"])})


def _write_lines(rows: Iterable[Json], screen: Screen) -> None:
    arrange: Callable[[Sequence[object]], str] = _in_columns if screen.is_terminal else in_tabs
    if screen.is_terminal and not screen.is_json:
        screen.line(_in_columns(_HEADS))
    for row in rows:
        screen.result(row, [arrange(_cells(row))])


def _cells(row: Json) -> list[str]:
    cells = {**row, "created_at": shown_moment(row["created_at"])}
    return [*(str("-" if cells[name] is None else cells[name]) for name in _WIDTHS), row["title"]]


def in_tabs(cells: Sequence[object]) -> str:
    """Cells of a line for other programs."""
    return "\t".join(shown(str(cell)) for cell in cells)


def _in_columns(cells: Sequence[object]) -> str:
    """In columns, the last one cut to what the terminal leaves for it."""
    left = shutil.get_terminal_size().columns - sum(_WIDTHS.values()) - len(_WIDTHS)
    head = [f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS.values())]
    return " ".join([*head, fitted(str(cells[-1]), max(left, 10)).rstrip()])
