"""`ghost profiles`: servers and tokens under names."""

from __future__ import annotations

import argparse
import getpass
import sys

from .. import profiles
from ..errors import OK, SetupError
from ..screen import Screen
from ..transport import api_root
from .lists import in_tabs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing for the list; what to do, and with which profile."""
    parser.add_argument("action", nargs="?", choices=["list", "add", "remove"], default="list")
    parser.add_argument("name", nargs="?", metavar="NAME")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """List them without their tokens; keep one, or forget one."""
    if args.action == "list":
        for name, each in sorted(profiles.read_all().items()):
            screen.result({"name": name, "url": each["url"]}, [in_tabs([name, each["url"]])])
        return OK
    if not args.name:
        raise SetupError(f"Name the profile: ghost profiles {args.action} NAME")
    if args.action == "remove":
        profiles.remove(args.name)
        screen.note(f"The profile “{args.name}” is forgotten.")
        return OK
    return _add(args, screen)


def _add(args: argparse.Namespace, screen: Screen) -> int:
    if not args.url:
        raise SetupError(
            f"Say where the server is: ghost profiles add {args.name} --url https://ghost.example"
        )
    api_root(args.url)
    profiles.add(args.name, args.url, _token())
    screen.note(
        f"The profile “{args.name}” is in {profiles.profiles_path()}: ghost --profile comes after the command."
    )
    return OK


def _token() -> str:
    """Typed unseen, or the first line of standard input: never an argument, which others could see."""
    if sys.stdin.isatty():
        return getpass.getpass("Token: ").strip()
    return sys.stdin.readline().strip()
