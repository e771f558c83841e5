"""Many magnets probed at once, live and dead, against a raw two-phase libtorrent loop.

    python bench/bench_probes.py [LIVE [DEAD]] [--timeout 20] [--repeats 2]

The live ones are v1, hybrid and v2 by turns, with four seeders. The last line is JSON;
exit status 1 if one was missed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from processes import parts


def main() -> None:
    """Seed, probe in turns, compare."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder:
        here = Path(folder)
        with parts.network(
            here, nodes=given.nodes, torrents=given.live, dead=given.dead
        ) as network:
            rows = _measure(here, network.manifest, given)
    summary = _summary(rows, given)
    parts.show(rows, summary)
    sys.exit(summary["found_at_least"] < given.live or summary["false_found"] > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Probes against a raw libtorrent loop.")
    parser.add_argument("live", type=int, nargs="?", default=1000)
    parser.add_argument("dead", type=int, nargs="?", default=1000)
    parser.add_argument("--timeout", type=float, default=20, help="seconds for each magnet")
    parser.add_argument("--nodes", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=2)
    return parser.parse_args()


def _measure(
    here: Path, manifest: dict[str, Any], given: argparse.Namespace
) -> list[dict[str, Any]]:
    dead = [f"magnet:?xt=urn:btih:{digits}" for digits in manifest["dead"]]
    every = manifest["live"] + dead
    random.Random(4).shuffle(every)
    path = here / "probes.json"
    path.write_text(json.dumps({**manifest, "magnets": every, "timeout_s": given.timeout}))
    rows = []
    for turn in range(given.repeats):
        rows.append(_row("raw", parts.raw("probes", path), manifest))
        folder = here / f"probes-{turn}"
        folder.mkdir()
        env = parts.environment(folder, manifest)
        rows.append(_row("probes", parts.ghost(env, "probes", path), manifest))
    return rows


def _row(what: str, told: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    live, found = set(manifest["live"]), told["found"]
    number = len(live) + len(manifest["dead"])
    return {
        "what": what,
        "found": len(live & found.keys()),
        "of": len(live),
        "false_found": len(found.keys() - live),
        "last_found_s": round(max(found.values(), default=0.0), 2),
        "wall_s": round(told["wall_s"], 2),
        "cpu_ms_each": round(told["cpu_s"] / number * 1000, 3),
        "rss_mb": round(told["rss_mb"]),
    }


def _summary(rows: list[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    ours = [row for row in rows if row["what"] == "probes"]
    theirs = [row for row in rows if row["what"] == "raw"]
    cpu, raw_cpu = (parts.middle(of, "cpu_ms_each") for of in (ours, theirs))
    last, raw_last = (parts.middle(of, "last_found_s") for of in (ours, theirs))
    return {
        "live": given.live,
        "dead": given.dead,
        "timeout_s": given.timeout,
        "found_at_least": min(row["found"] for row in ours),
        "false_found": sum(row["false_found"] for row in ours),
        "wall_s": parts.middle(ours, "wall_s"),
        "last_found_s": last,
        "last_found_to_raw": round(last / max(raw_last, 0.01), 2),
        "cpu_ms_each": cpu,
        "cpu_to_raw": round(cpu / max(raw_cpu, 0.001), 2),
    }


if __name__ == "__main__":
    main()
