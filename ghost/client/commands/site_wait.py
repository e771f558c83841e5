"""`--wait-public`: until readers see it."""

from __future__ import annotations

import argparse
import time

from ..errors import OK, OUTAGE, REFUSED, Json, SetupError
from ..ghost_api import Ghost
from ..resource_fields import shown_moment
from ..screen import Screen

WAIT_S = 600.0
_KINDS = "resource,health,task,build"
_NOT_BY_ITSELF = {
    "draft": "It is a draft: ghost publish-now {id}",
    "review": "It waits for review: it is off the public site until it is approved.",
    "taken_down": "It was taken down.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to wait, and for how long."""
    parser.add_argument(
        "--wait-public", action="store_true", help="wait until its page is on the public site, and print its address"
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=float, default=WAIT_S, metavar="S", help="for so many seconds at most (600)"
    )  # fmt: skip


def wait(ghost: Ghost, row: Json, args: argparse.Namespace, screen: Screen) -> int:
    """Wait until this version is on the public site, and print the page's address; 1 if it won't be by
    itself, 3 if it was not yet when the time was over."""
    deadline, told = time.monotonic() + args.timeout, ""
    resource_id = row["id"]
    for now in ghost.watch(lambda: ghost.read(resource_id), kinds=_KINDS, until=deadline):
        if "on_site_at" not in now:
            raise SetupError(
                "This server doesn't tell when a page is up: it is older than --wait-public."
            )
        if now["on_site_at"]:
            return _arrived(now, screen)
        if reason := _why_never(now):
            screen.result(now, [])
            screen.note(reason)
            return REFUSED
        told = _tell(now, told, screen)
    screen.note(
        f"It is not on the public site after {args.timeout:g} s: ghost status {resource_id} --follow"
    )
    return OUTAGE


def _arrived(row: Json, screen: Screen) -> int:
    since = shown_moment(row["on_site_at"])
    address = row.get("public_url")
    screen.result(row, [address or f"resource {row['id']} is on the public site since {since}"])
    return OK


def _why_never(row: Json) -> str:
    """Why it won't be public by itself; empty if it may."""
    if row["state"] == "held" and row["probe_status"] not in ("pending", "ok", "skipped"):
        why = f" {row['probe_error']}" if row.get("probe_error") else ""
        return f"Its probe ended with “{row['probe_status']}”, so it is not public yet.{why}"
    return _NOT_BY_ITSELF.get(row["state"], "").format(id=row["id"])


def _tell(row: Json, told: str, screen: Screen) -> str:
    stage = "Its probe is under way." if row["probe_status"] == "pending" else ""
    stage = stage or ("The public site is being built." if row["state"] == "live" else "")
    stage = stage or f"It is {row['state']} and not public yet."
    if stage != told:
        screen.note(stage)
    return stage
