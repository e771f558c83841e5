"""`ghost torrent`: the .torrent file of a resource."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..errors import OK, SetupError
from ..ghost_api import Ghost
from ..screen import Screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which resource, and where its file goes."""
    parser.add_argument("id", type=int, metavar="ID")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to write it (ID.torrent); - for standard output"
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="also over a file that is there")


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Write the file; its name is the result."""
    if args.output == "-":
        sys.stdout.buffer.write(ghost.torrent(args.id))
        return OK
    path = Path(args.output or f"{args.id}.torrent")
    if path.exists() and not args.force:
        raise SetupError(f"{path} is there already: name another file with -o, or give --force.")
    body = ghost.torrent(args.id)
    try:
        path.write_bytes(body)
    except OSError as error:
        raise SetupError(f"{path} can't be written: {error.strerror}") from error
    screen.result({"file": str(path), "bytes": len(body)}, [str(path)])
    return OK
