"""`ghost rotate`: a new form for the token, kept in its file."""

from __future__ import annotations

import argparse

from ..errors import OK, Json, RefusedError, SetupError
from ..ghost_api import Ghost
from ..profiles import ProfileToken
from ..screen import Screen
from ..token_file import TokenFile, digest, given_token, token_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `ghost rotate`: how many hours the former raw token works on."""
    parser.add_argument(
        "--overlap", type=int, default=24, metavar="HOURS",
        help="hours that the former one works on (24)",
    )  # fmt: skip


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """The plan lies on the disk before the request, and the new token before it is used: killed
    at any point and begun again, it goes on where it was."""
    file = ProfileToken(args.profile) if args.profile else TokenFile(token_path())
    try:
        until = _rotated(ghost, file, overlap_hours=args.overlap)
    except OSError as error:
        raise SetupError(f"{file.path} can't be written: {error.strerror}") from error
    Ghost(ghost.url, file.read(), patience_s=ghost.patience_s).verify()
    file.finish()
    lines = [f"The new token is in {file.path}."]
    lines += [f"The former one ends {until}."] if until else []
    lines += (
        ["GHOST_TOKEN holds the former one: unset it."]
        if given_token() and not args.profile
        else []
    )
    screen.result({"file": str(file.path), "former_until": until}, lines)
    return OK


def _rotated(ghost: Ghost, file: TokenFile, *, overlap_hours: int) -> str | None:
    """Until when the former token opens the API; None if an earlier run had come this far."""
    file.require_same(ghost.token)
    plan = file.plan(ghost.token, lambda: ghost.rotation_path(overlap_hours=overlap_hours))
    return _issue(ghost, file, plan) if plan["of"] == digest(ghost.token) else None


def _issue(ghost: Ghost, file: TokenFile, plan: Json) -> str:
    """Ask for the new token and keep it; until when the former one opens the API."""
    try:
        issued = ghost.rotate(plan["path"], key=plan["key"])
    except RefusedError as error:
        if error.status not in (401, 429, 503):
            file.finish()  # another try begins anew
        raise
    file.replace(issued["token"])
    return str(issued["former_until"])
