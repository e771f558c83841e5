"""Full builds and builds of one change, against bare Hugo on the same page records.

    python bench/bench_build.py [RESOURCES] [--edits N]

Bare Hugo is what its own processes used within the build: they are run on chunks of records with
nothing else to do. CPU is user + system of all processes. One edit is measured from the commit of a
new title to the merged public tree.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from processes import parts

ENGINE = "import django; django.setup(); from inside import building; building.main()"


def main() -> None:
    """Generate, build everything, then edit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("resources", type=int, nargs="?", default=1000)
    parser.add_argument("--edits", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        env = _environment(Path(scratch))
        parts.run(env, "manage.py", "migrate", "--verbosity", "0")
        parts.run(env, "manage.py", "generate_catalog", "--resources", str(wanted.resources))
        found = parts.run(env, "-c", ENGINE, str(wanted.edits))
    show(found)


def show(found: dict[str, Any]) -> None:
    """Print what was measured."""
    full, edits = found["full"], found["edits"]
    rows = [{"what": "everything", **full}, *({"what": edit.pop("what"), **edit} for edit in edits)]
    summary = {
        "resources": found["resources"],
        "files": found["files"],
        "full_ratio": round(full["cpu_s"] / full["hugo_s"], 2),
        "full_rss_mb": max(full["rss_mb"], full["hugo_rss_mb"]),
        "changed": max(edit["changed"] for edit in edits),
        "edit_wall_s": round(parts.middle(edits, "wall_s"), 2),
        "edit_cpu_s": round(parts.middle(edits, "cpu_s"), 2),
        "search_kb": round(max(edit["search_kb"] for edit in edits), 1),
    }
    parts.show(rows, summary)


def _environment(folder: Path) -> dict[str, str]:
    nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
    return parts.environment(folder, nowhere)


if __name__ == "__main__":
    os.chdir(parts.ROOT)
    main()
