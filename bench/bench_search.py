"""The search of a synthetic catalog: what its index costs to build and to patch, what a query
costs a visitor in Chromium, and whether everything is found.

    python bench/bench_search.py [RESOURCES] [--catalog FOLDER]

With --catalog, `ghost.db` and `magnet_metadata/` in that folder are read, up to so many resources.
Bytes are counted by the server, which compresses; each query meets an empty cache. The last line
is JSON; exit status 1 if something was not found, or took more bytes than it may. `slow` names
queries whose answer was on the screen later than 300 ms after the last byte.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MEASURES = "import django; django.setup(); from search import measures; measures.main()"


def main() -> None:
    """Make a catalog if none is given; the work is in bench/search/measures.py."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        catalog = given.catalog or Path(scratch)
        env = _environment(catalog, Path(scratch))
        if not given.catalog:
            _run(env, "manage.py", "migrate", "--verbosity", "0")
            count = str(given.resources)
            _run(env, "manage.py", "generate_catalog", "--resources", count, quiet=True)
        status = _run(env, "-c", MEASURES, str(catalog), str(given.resources), scratch)
    sys.exit(status)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The search index, and queries in Chromium.")
    parser.add_argument("resources", type=int, nargs="?", default=2000)
    parser.add_argument("--catalog", type=Path)
    return parser.parse_args()


def _environment(catalog: Path, scratch: Path) -> dict[str, str]:
    names = ("secrets", "magnet_tmp", "cover", "backup")
    others = {name: value for name, value in os.environ.items() if name[:6] != "GHOST_"}
    return others | {f"GHOST_{name.upper()}_DIR": str(scratch / name) for name in names} | {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE))),
        "GHOST_ENV_FILE": os.devnull,
        "GHOST_DB_PATH": str(catalog / "ghost.db"),
        "GHOST_MAGNET_METADATA_DIR": str(catalog / "magnet_metadata"),
        "GHOST_SITE_WORKDIR": str(scratch / "workdir"),
        "GHOST_ENABLE_SCHEDULER": "0",
        "DJANGO_SETTINGS_MODULE": "ghost.settings",
    }  # fmt: skip


def _run(env: dict[str, str], *argv: str, quiet: bool = False) -> int:
    out = subprocess.DEVNULL if quiet else None
    done = subprocess.run([sys.executable, *argv], cwd=ROOT, env=env, stdout=out, check=False)
    if done.returncode and "-c" not in argv:
        raise SystemExit(f"{' '.join(argv)} failed.")
    return done.returncode


if __name__ == "__main__":
    main()
