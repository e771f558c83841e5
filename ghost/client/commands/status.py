"""`ghost status`: the token and the site, a resource or a task; once, or to its end."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial

from ..errors import OK, REFUSED, Json
from ..ghost_api import Ghost
from ..screen import Screen
from .descriptions import describe_resource, describe_site, describe_task

Describe = Callable[[Json], list[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `ghost status`: a resource or task, or neither for the site."""
    parser.add_argument("id", nargs="?", metavar="ID", help="a resource's number, or a task's id")
    parser.add_argument("--follow", action="store_true", help="go on until it has ended")


def run(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """Show it; with --follow the exit status is how it ended."""
    read, describe, kinds = _subject(ghost, args.id)
    if args.follow:
        return _follow(ghost.watch(read, kinds=kinds), describe, screen)
    state = read()
    screen.result(state, describe(state))
    return OK


def _subject(ghost: Ghost, key: str | None) -> tuple[Callable[[], Json], Describe, str]:
    """How to read what is asked about, how to describe it, and which events may change it."""
    if key is None:
        return _site(ghost), describe_site, "build"
    if key.isascii() and key.isdigit():
        describe = partial(describe_resource, ghost)
        return (lambda: ghost.read(int(key))), describe, "resource,task,health"
    return (lambda: ghost.task(key)), describe_task, "task"


def _site(ghost: Ghost) -> Callable[[], Json]:
    session = ghost.verify()
    return lambda: {"session": session, "build": ghost.build_status()}


def _follow(states: Iterator[Json], describe: Describe, screen: Screen) -> int:
    """Write each new state until there will be no other; 1 if it ended badly."""
    before: list[str] = []
    for state in states:
        lines = describe(state)
        if lines != before:
            screen.result(state, [*([""] if before else []), *lines])
        before = lines
        end = _exit_status(state)
        if end is not None:
            return end
    return OK


def _exit_status(state: Json) -> int | None:
    """The exit status if this is the last state, else None."""
    if "build" in state:
        return _exit_status_of_build(state["build"])
    if "probe_status" in state:
        return _exit_status_of_probe(state["probe_status"])
    if not state["finished_at"]:
        return None
    return OK if state["status"] == "done" else REFUSED


def _exit_status_of_build(build: Json) -> int | None:
    if build["building"] or build["pending_changes"]:
        return None
    return REFUSED if build["last_error"] else OK


def _exit_status_of_probe(probe_status: str) -> int | None:
    if probe_status == "pending":
        return None
    return OK if probe_status in ("ok", "skipped") else REFUSED
