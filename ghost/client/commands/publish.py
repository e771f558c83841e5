"""`ghost publish`: one magnet link or .torrent file."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import parse_qs

from ..errors import OK, Json, SetupError
from ..ghost_api import Ghost
from ..resource_fields import read_checksums, read_moment
from ..screen import Screen
from . import publish_folder, site_wait
from .descriptions import show_notes, show_resource
from .inputs import read_bytes, read_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `ghost publish`: a magnet link or a file, and the fields of the resource."""
    parser.add_argument("what", metavar="MAGNET_OR_TORRENT_FILE_OR_FOLDER")
    parser.add_argument("--title", help="left out: the name in the magnet or the file")
    parser.add_argument("--category", required=True, metavar="PATH_OR_ID")
    parser.add_argument("--tag", action="append", default=[], help="may be given several times")
    parser.add_argument("--body", metavar="FILE", help="its description in Markdown; - for stdin")
    parser.add_argument("--team", type=int, metavar="ID")
    parser.add_argument("--licence", metavar="SPDX", help="such as CC-BY-4.0")
    parser.add_argument("--source", metavar="URL", help="where the work comes from")
    parser.add_argument("--cover", metavar="URL", help="where its cover is fetched from")
    parser.add_argument("--checksums", metavar="FILE", help="as sha256sum writes them")
    parser.add_argument("--supersedes", type=int, metavar="ID", help="the release that it replaces")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--draft", action="store_true", help="not public until publish-now")
    when.add_argument("--at", metavar="TIME", help="public from then on: 2026-01-31T12:00")
    parser.add_argument("--wait", action="store_true", help="wait for its probe: all or nothing")
    site_wait.add_arguments(parser)


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Publish it, and show it as it stands then."""
    if args.wait_public and (args.draft or args.at):
        raise SetupError("--wait-public is for what is public at once: leave out --draft and --at.")
    values = _values(ghost, args)
    if not _is_magnet(args.what) and Path(args.what).is_dir():
        _require_common(args)
        return publish_folder.run(ghost, Path(args.what), values, args, screen)
    row = _create(ghost, args, values)
    if args.wait_public:
        show_notes(row, screen)
        return site_wait.wait(ghost, row, args, screen)
    show_resource(ghost, row, screen)
    if row.get("probe_status") == "pending":
        screen.note(f"Its probe is under way: ghost status {row['id']} --follow")
    return OK


def _is_magnet(what: str) -> bool:
    return what.lower().startswith("magnet:")


def _require_common(args: argparse.Namespace) -> None:
    """SetupError if something is given that can't hold for all that is in a folder."""
    own = ("title", "body", "cover", "checksums", "supersedes", "wait", "wait_public")
    if given := [name for name in own if getattr(args, name)]:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise SetupError(f"A folder has many works: leave out {options}.")


def _create(ghost: Ghost, args: argparse.Namespace, values: Json) -> Json:
    if not _is_magnet(args.what):
        return ghost.create_from_torrent(read_bytes(args.what), values)
    title = values.get("title") or _name_in(args.what)
    return ghost.create({**values, "magnet_uri": args.what, "title": title}, wait=args.wait)


def _values(ghost: Ghost, args: argparse.Namespace) -> Json:
    given: Json = {
        "title": args.title,
        "content_markdown": read_text(args.body),
        "tags": args.tag,
        "team_id": args.team,
        "licence": args.licence,
        "source_url": args.source,
        "cover_image_url": args.cover,
        "checksums": read_checksums(read_text(args.checksums) or ""),
        "supersedes_id": args.supersedes,
        "published_at": read_moment(args.at) if args.at else None,
    }
    values = {name: value for name, value in given.items() if value not in (None, "", [])}
    values["category_id"] = ghost.category_id(args.category)
    return {**values, "published_at": None} if args.draft else values


def _name_in(magnet: str) -> str:
    names = parse_qs(magnet.partition("?")[2]).get("dn")
    if not names:
        raise SetupError("This magnet link has no name (dn) in it: give a --title.")
    return names[0]
