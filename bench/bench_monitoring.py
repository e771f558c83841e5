"""What a monitor's questions cost: `/health`, `/ready` and `/metrics`, each gathered anew.

    python bench/bench_monitoring.py [RESOURCES] [--times N] [--of FILE]

At a small catalog first, and at RESOURCES (or that of FILE, a database with these migrations). CPU is the
median of `times` requests in one process, `kept_cpu_ms` that of those that come within two seconds;
`of_raw` holds it to the same statements by the driver alone and an answer without a view. `is_cheap`: none took
more than MOST_CPU_MS. Exit status 1 if one took more queries than at the small catalog.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from processes import parts

MOST_CPU_MS = 20.0
SMALL = 20
ASK = "import django; django.setup(); from monitoring import asking; asking.main()"


def main() -> None:
    """Ask at both sizes, compare, tell."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder:
        small = _asked(Path(folder) / "small", SMALL, given.times)
        large = _asked(Path(folder) / "large", given.resources, given.times, given.of)
    rows = [_row(*both) for both in zip(small["rows"], large["rows"], strict=True)]
    summary = {
        "resources": given.resources,
        "most_cpu_ms": max(row["cpu_ms"] for row in rows),
        "most_of_raw": max(row["of_raw"] for row in rows),
        "is_cheap": max(row["cpu_ms"] for row in rows) <= MOST_CPU_MS,
        "constant_queries": all(row["queries"] == row["queries_small"] for row in rows),
        "counting_cpu_ms": large["counting_cpu_ms"],
    }
    parts.show(rows, summary)
    sys.exit(not summary["constant_queries"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What a monitor's questions cost.")
    parser.add_argument("resources", type=int, nargs="?", default=2000)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--of", type=Path)
    return parser.parse_args()


def _asked(
    folder: Path, resources: int, times: int, database: Path | None = None
) -> dict[str, Any]:
    folder.mkdir()
    nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
    env = parts.environment(
        folder, nowhere, metrics_enabled=1, metrics_key="the-key-of-this-bench",
        health_allowlist="127.0.0.1", allowed_hosts="localhost", api_log_level="ERROR",
    )  # fmt: skip
    if database:
        shutil.copyfile(database, folder / "ghost.db")
    parts.run(env, "manage.py", "migrate", "--verbosity", "0")
    if not database:
        parts.run(env, "manage.py", "generate_catalog", "--resources", str(resources))
    return parts.run(env, "-c", ASK, str(times))


def _row(small: dict[str, Any], large: dict[str, Any]) -> dict[str, Any]:
    return {
        "what": large["what"],
        "cpu_ms": large["cpu_ms"],
        "small_cpu_ms": small["cpu_ms"],
        "kept_cpu_ms": large["kept_cpu_ms"],
        "of_raw": round(large["cpu_ms"] / max(large["raw_ms"], 0.01), 1),
        "queries": large["queries"],
        "queries_small": small["queries"],
    }


if __name__ == "__main__":
    main()
