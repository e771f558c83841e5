"""The command `ghost`: its arguments, its exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from . import profiles
from .commands import (
    changes,
    completion,
    lists,
    profile_edits,
    publish,
    publish_many,
    rotation,
    status,
    torrent_file,
    tree,
)
from .errors import INTERRUPTED, OK, GhostError, SetupError
from .ghost_api import PATIENCE_S, Ghost
from .screen import Screen
from .token_file import read_token
from .transport import VERSION, is_unencrypted

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Command:
    """One of the commands; `patience_s` is for each of its requests unless --patience says."""

    name: str
    help: str
    run: Callable[[Ghost, argparse.Namespace, Screen], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    patience_s: float = PATIENCE_S


@dataclass(frozen=True)
class LocalCommand:
    """One that asks no server, and needs no token."""

    name: str
    help: str
    run: Callable[[argparse.Namespace, Screen], int]
    add_arguments: Callable[[argparse.ArgumentParser], None]


COMMANDS = (
    Command(
        "publish",
        "Publish a magnet link or a .torrent file.",
        publish.run,
        publish.add_arguments,
    ),
    Command(
        "status",
        "Whose token it is and how the site stands; or one resource, or a task.",
        status.run,
        status.add_arguments,
    ),
    Command(
        "categories",
        "The tree of categories: ids, paths, names, resources; or make one.",
        tree.run,
        tree.add_arguments,
    ),
    Command(
        "teams",
        "The teams in scope: ids, names.",
        lists.run_teams,
    ),
    Command(
        "torrent",
        "Fetch the .torrent file of a resource.",
        torrent_file.run,
        torrent_file.add_arguments,
    ),
    Command(
        "list",
        "List resources in scope, newest first.",
        lists.run,
        lists.add_arguments,
    ),
    Command(
        "bulk",
        "Publish many; may be stopped and begun anew.",
        publish_many.run,
        publish_many.add_arguments,
        publish_many.PATIENCE_S,
    ),
    Command(
        "update",
        "Change some fields of a resource.",
        changes.run,
        changes.add_arguments,
    ),
    Command(
        "withdraw",
        "Take a resource off the public site.",
        changes.run_withdraw,
        changes.add_id,
    ),
    Command(
        "publish-now",
        "Put a draft on the public site now.",
        changes.run_publish_now,
        changes.add_publish_now,
    ),
    Command(
        "rotate",
        "Give the token a new form, and keep it in the token file.",
        rotation.run,
        rotation.add_arguments,
    ),
    LocalCommand(
        "profiles",
        "Servers and tokens under names: list, add, remove.",
        profile_edits.run,
        profile_edits.add_arguments,
    ),
    LocalCommand(
        "completion",
        "What a shell needs to complete commands.",
        completion.run,
        completion.add_arguments,
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [completion.ASKED]:
        return _complete(words[1:])
    args = parser().parse_args(words)
    args.profile = args.profile or os.environ.get("GHOST_PROFILE")
    screen = Screen(is_json=args.json, is_quiet=args.quiet)
    try:
        return _run(args, screen)
    except GhostError as error:
        screen.error(error)
        return error.exit_status
    except KeyboardInterrupt:
        screen.end_progress()
        return INTERRUPTED
    except BrokenPipeError:  # `ghost list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return OK


def _run(args: argparse.Namespace, screen: Screen) -> int:
    command: Command | LocalCommand = args.command
    if isinstance(command, LocalCommand):
        return command.run(args, screen)
    ghost = _ghost(args, screen)
    try:
        return command.run(ghost, args, screen)
    finally:
        if ghost.known_categories is not None:
            completion.keep_categories(ghost.url, ghost.known_categories)


def _complete(words: Sequence[str]) -> int:
    found = completion.candidates(words, {each.name: partial(_alone, each) for each in COMMANDS})
    sys.stdout.write("".join(f"{each}\n" for each in found))
    return OK


def _ghost(args: argparse.Namespace, screen: Screen) -> Ghost:
    url, token = _server(args)
    patience_s = args.command.patience_s if args.patience is None else args.patience
    ghost = Ghost(url, token, patience_s=patience_s, notify=screen.note)
    if is_unencrypted(ghost.url):
        screen.note(f"Anybody on the way to {ghost.url} can read the token: use https.")
    return ghost


def _server(args: argparse.Namespace) -> tuple[str, str]:
    """Address and token: of the profile if one is named, else of the environment."""
    if not args.profile:
        return args.url or os.environ.get("GHOST_URL") or DEFAULT_URL, read_token()
    if args.url:
        raise SetupError("A profile says where the server is: give --profile or --url, not both.")
    profile = profiles.read(args.profile)
    return profile["url"], profile["token"]


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line, with a subparser for each verb."""
    whole = argparse.ArgumentParser(
        "ghost",
        description="Publish to a Ghost catalog.",
        epilog="GHOST_URL says where the server is, GHOST_TOKEN holds the token; without it, it is"
        " read from the file ~/.config/ghost/token (or GHOST_TOKEN_FILE). Exit status: 0 done,"
        " 1 refused, 2 wrong use, 3 the server can't be reached or asks for patience.",
    )
    whole.add_argument("--version", action="version", version=f"ghost-client {VERSION}")
    parsers = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        one = parsers.add_parser(
            command.name, help=command.help, description=command.help, parents=[_common()]
        )
        one.set_defaults(command=command)
        command.add_arguments(one)
    return whole


def _alone(command: Command | LocalCommand) -> argparse.ArgumentParser:
    """The parser of one command."""
    own = argparse.ArgumentParser(command.name, parents=[_common()])
    command.add_arguments(own)
    return own


def _common() -> argparse.ArgumentParser:
    """What every command takes."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", help="where the server is (GHOST_URL)")
    common.add_argument(
        "--profile", metavar="NAME", help="server and token of this name (GHOST_PROFILE)"
    )
    common.add_argument("--json", action="store_true", help="for scripts: JSON, one line each")
    common.add_argument("--quiet", action="store_true", help="say nothing but the result")
    common.add_argument(
        "--patience", type=float, metavar="S", help="try again for so many seconds (60; bulk: 600)"
    )
    return common
