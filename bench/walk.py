"""How far one request and one build go through the code: files, moves between them, climbs.

    python bench/walk.py [--list]

A file counts if one of its functions is called, a move whenever a call is in another file than the
call before it, and a climb wherever a function of a lower floor calls one of a higher: floors are
the apps in their order, and their layers in import-linter's contracts (pyproject.toml). What a
framework calls, such as a view, is no climb. `--list` names them all.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from processes import parts

WALKS = {"publish": "POST /api/resources", "build": "a build of one change"}
INSIDE = "import django; django.setup(); from inside import walking; walking.main()"


def main() -> None:
    """Make a small catalog; follow both ways through the code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
        env = parts.environment(Path(scratch), nowhere, allowed_hosts="testserver")
        parts.run(env, "manage.py", "migrate", "--verbosity", "0")
        parts.run(env, "manage.py", "generate_catalog", "--resources", "40")
        walks = parts.run(env, "-c", INSIDE)
    if wanted.list:
        for name, walk in walks.items():
            name_all(WALKS[name], walk)
    summary = {name: counts(walk) for name, walk in walks.items()}
    parts.print_table([{"what": WALKS[name], **count} for name, count in summary.items()])
    print(json.dumps(summary))


def counts(walk: dict[str, Any]) -> dict[str, int]:
    """How many files, moves between them, and places from which a call climbs."""
    moves = sum(walk["moves"].values())
    return {"files": len(walk["files"]), "moves": moves, "climbs": len(walk["climbs"])}


def name_all(what: str, walk: dict[str, Any]) -> None:
    """Print each file, move and climb, with how often it came, in the order of the first time."""
    for kind in ("files", "moves", "climbs"):
        print(f"-- {what}: {kind}")
        for name, times in walk[kind].items():
            print(f"{times:6}  {name}")


if __name__ == "__main__":
    os.chdir(parts.ROOT)
    main()
