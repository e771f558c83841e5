"""`ghost update`, `ghost withdraw` and `ghost publish-now`: one resource that is there already."""

from __future__ import annotations

import argparse
import re

from ..errors import OK, Json, SetupError
from ..ghost_api import Ghost
from ..resource_fields import FIELDS, NUMBERS, read_checksums, read_moment
from ..screen import Screen
from . import site_wait
from .descriptions import show_notes, show_resource
from .inputs import read_text

SHORT_NAMES = {
    "body": "content_markdown",
    "cover": "cover_image_url",
    "source": "source_url",
    "supersedes": "supersedes_id",
    "tag": "tags",
    "team": "team_id",
    "at": "published_at",
}
"""What `ghost publish` calls them."""
_EMPTY: Json = {
    "content_markdown": "",
    "licence": "",
    "source_url": "",
    "tags": [],
    "checksums": [],
}
"""Cleared; other fields are null then."""


def add_id(parser: argparse.ArgumentParser) -> None:
    """What `ghost withdraw` takes."""
    parser.add_argument("id", type=int, metavar="ID")


def add_publish_now(parser: argparse.ArgumentParser) -> None:
    """What `ghost publish-now` takes."""
    add_id(parser)
    site_wait.add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `ghost update`: an id, and one `--set` for each field."""
    add_id(parser)
    parser.add_argument(
        "--set", action="append", required=True, metavar="FIELD=VALUE",
        help="title, category (path or id), tags (a,b), body, team, licence, source, cover,"
        " supersedes, checksums, published_at or at, magnet_uri, or the API's names of them"
        f" ({', '.join(FIELDS)}); null clears, @FILE is read",
    )  # fmt: skip
    parser.add_argument(
        "--if-match", metavar="ETAG", help="only this version (status --json: etag)"
    )


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Change the fields, and show the resource as it stands then."""
    values: Json = {}
    for given in args.set:
        name, is_given, value = given.partition("=")
        if not is_given:
            raise SetupError(f"Write --set FIELD=VALUE, not {given}")
        values.update(_field(ghost, name.strip(), value))
    show_resource(ghost, ghost.change(args.id, values, if_match=args.if_match), screen)
    return OK


def run_withdraw(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Take it off the public site."""
    show_resource(ghost, ghost.withdraw(args.id), screen)
    return OK


def run_publish_now(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Put it on the public site."""
    row = ghost.publish_now(args.id)
    if args.wait_public:
        show_notes(row, screen)
        return site_wait.wait(ghost, row, args, screen)
    show_resource(ghost, row, screen)
    return OK


def _field(ghost: Ghost, given: str, value: str) -> Json:
    """The field and its value as the API has it: `null` clears, `@FILE` is read."""
    name = SHORT_NAMES.get(given, given)
    if value == "null":
        return {name: _EMPTY.get(name)}
    if value.startswith("@"):
        value = read_text(value[1:]) or ""
    if name == "category":
        return {"category_id": ghost.category_id(value)}
    return {name: _value(name, value)}


def _value(name: str, text: str) -> object:
    if name == "tags":
        return [tag.strip() for tag in re.split("[;,]", text) if tag.strip()]
    if name == "checksums":
        return read_checksums(text)
    if name == "published_at":
        return read_moment(text)
    return int(text) if name in NUMBERS and text.isdigit() else text
