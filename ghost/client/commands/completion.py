"""`ghost completion`: what a shell offers when Tab is pressed.

The shell asks the command itself (`ghost __complete WORDS`), so that it always offers what there is:
commands, options, their values, profiles, and categories as they were when they were last read. Nothing is
asked of the server.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .. import profiles
from ..errors import OK, GhostError, Json
from ..screen import Screen
from ..token_file import own_folder

ASKED = "__complete"
SCRIPTS = {
    "bash": """_ghost() {
    local IFS=$'\\n'
    COMPREPLY=($(ghost __complete "${COMP_WORDS[@]:1:$COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ghost ghost
""",
    "zsh": """#compdef ghost
_ghost() {
    local -a found
    found=("${(@f)$(ghost __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _ghost ghost
""",
    "fish": """complete -c ghost -a '(ghost __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
""",
}
"""To be put into a shell: `eval "$(ghost completion bash)"`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For which shell."""
    parser.add_argument("shell", choices=sorted(SCRIPTS))


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Print what the shell's start-up file takes."""
    screen.result({"script": SCRIPTS[args.shell]}, SCRIPTS[args.shell].splitlines())
    return OK


def candidates(
    words: Sequence[str], parsers: Mapping[str, Callable[[], argparse.ArgumentParser]]
) -> list[str]:
    """What may stand in the place of the last of these words, by the parser of each command."""
    *before, begun = words or [""]
    command = before[0] if before else ""
    if command not in parsers:
        return _beginning(begun, parsers) if not before else []
    actions = parsers[command]()._actions
    return _beginning(begun, _offered(actions, before[1:], begun))


def _offered(
    actions: Sequence[argparse.Action], before: Sequence[str], begun: str
) -> Iterable[str]:
    options = {name: each for each in actions for name in each.option_strings}
    last = options.get(before[-1]) if before else None
    if last is not None and last.nargs != 0:
        return _values(last)
    if begun.startswith("-"):
        return options
    places = [each for each in actions if not each.option_strings]
    given = sum(not word.startswith("-") for word in before)
    return _values(places[given]) if given < len(places) else []


def _values(action: argparse.Action) -> Iterable[str]:
    if action.dest == "profile":
        with suppress(GhostError):
            return sorted(profiles.read_all())
        return []
    if action.dest == "category":
        return _kept_categories()
    return map(str, action.choices or ())


def _beginning(begun: str, found: Iterable[str]) -> list[str]:
    return [each for each in found if each.startswith(begun)]


def keep_categories(url: str, tree: Iterable[Json]) -> None:
    """Remember the paths of a server's categories, for the next Tab."""
    path = _folder() / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps([row["path"] for row in tree]), encoding="utf-8")


def _kept_categories() -> list[str]:
    """Of the server that was asked last."""
    with suppress(OSError, ValueError):
        newest = max(_folder().glob("*.json"), key=lambda path: path.stat().st_mtime)
        return list(map(str, json.loads(newest.read_text(encoding="utf-8"))))
    return []


def _folder() -> Path:
    return own_folder("XDG_CACHE_HOME", ".cache") / "categories"
