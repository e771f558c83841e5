"""Health look-ups: a whole scan, and the look-ups alone, against a raw libtorrent loop.

    python bench/bench_lookups.py [LOOKUPS] [--repeats 2] [--dead-quarter]

Half of the hashes are announced. `scan` writes to the database, `lookups` does not; `own_mb` is
memory without mapped files (SQLite's), of a scan when 10, 50 and 100 % are done. With
--dead-quarter, a quarter of the DHT's nodes dies once all is announced. The last line is JSON;
exit status 1 if an answer of Ghost was wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from network import raw
from processes import parts

ENOUGH_NODES = 2
RAW_WITH_DEAD_NODES = 300
"""The raw loop waits for the last look-up of each batch, which a dead node holds back for 15 s."""
WRONG = ("false_active", "false_stale", "undecided")
TRUTH = {"Active": True, "Stale": False}


def main() -> None:
    """Announce, look up in turns, compare."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder:
        here = Path(folder)
        half = given.lookups // 2
        with parts.network(
            here, nodes=given.nodes, extra=half, dead=given.lookups - half
        ) as network:
            killed = 0
            if given.dead_quarter:
                killed = network.kill_a_quarter()
                print(f"{killed} of {given.nodes} nodes killed")
            rows = _measure(here, network.manifest, given)
            _explain(rows, network.manifest["nodes"][: given.nodes - killed])
    summary = _summary(rows, given)
    parts.show(rows, summary)
    sys.exit(any(summary[name] for name in WRONG))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Look-ups against a raw libtorrent loop.")
    parser.add_argument("lookups", type=int, nargs="?", default=10_000)
    parser.add_argument("--nodes", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--dead-quarter", action="store_true")
    return parser.parse_args()


def _measure(
    here: Path, manifest: dict[str, Any], given: argparse.Namespace
) -> list[dict[str, Any]]:
    is_live = dict.fromkeys(manifest["extra"], True) | dict.fromkeys(manifest["dead"], False)
    keys = list(is_live)
    random.Random(3).shuffle(keys)
    path = here / "lookups.json"
    path.write_text(json.dumps({**manifest, "keys": keys}))
    template = _fill(here, manifest, path)
    fewer = here / "fewer.json"
    number = RAW_WITH_DEAD_NODES if given.dead_quarter else len(keys)
    fewer.write_text(json.dumps({**manifest, "keys": keys[:number]}))
    rows = []
    for turn in range(given.repeats):
        rows.append(_row("raw", parts.raw("lookups", fewer), is_live))
        for what in ("scan", "lookups"):
            folder = here / f"{what}-{turn}"
            shutil.copytree(template, folder)
            env = parts.environment(folder, manifest, dht_stale_after=1)
            rows.append(_row(what, parts.ghost(env, what, path), is_live))
            shutil.rmtree(folder)
    return rows


def _fill(here: Path, manifest: dict[str, Any], path: Path) -> Path:
    """A folder with a database that holds every key."""
    folder = here / "template"
    folder.mkdir()
    env = parts.environment(folder, manifest)
    parts.run(env, "manage.py", "migrate", "--verbosity", "0")
    parts.ghost(env, "fill", path)
    return folder


def _row(what: str, told: dict[str, Any], is_live: Mapping[str, bool]) -> dict[str, Any]:
    if told.get("error"):
        print(f"{what} failed: {told['error']}")
    seen = {key: _is_seen(value) for key, value in told["found"].items()}
    memory = told.get("own_mb_at") or {"100": told["own_mb"]}
    return {
        "what": what,
        "of": len(seen),
        "wall_s": round(told["wall_s"], 2),
        "per_s": round(len(seen) / told["wall_s"]),
        "cpu_ms_each": round(told["cpu_s"] / len(seen) * 1000, 3),
        "rss_mb": round(told["rss_mb"]),
        "own_mb": "/".join(f"{mb:.0f}" for mb in memory.values()),
        "false_active": sum(is_seen is True and not is_live[key] for key, is_seen in seen.items()),
        "false_stale": sum(is_seen is False and is_live[key] for key, is_seen in seen.items()),
        "undecided": sum(is_seen is None for is_seen in seen.values()),
        "missed": [key for key, is_seen in seen.items() if is_seen is False and is_live[key]],
    }


def _explain(rows: list[dict[str, Any]], nodes: list[tuple[str, int]]) -> None:
    """For each live hash that was not seen, how many living nodes know it."""
    for row in rows:
        known = [raw.holders(nodes, key) for key in row.pop("missed")]
        if known:
            print(f"{row['what']}: of {len(nodes)} living nodes, the missed are known to {known}")


def _is_seen(value: str | int) -> bool | None:
    """Of a resource's health, answering nodes or a verdict; None for Unknown."""
    if isinstance(value, bool):
        return value
    return TRUTH.get(value) if isinstance(value, str) else value >= ENOUGH_NODES


def _summary(rows: list[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    of = {what: [r for r in rows if r["what"] == what] for what in ("raw", "scan", "lookups")}
    ours = of["scan"] + of["lookups"]
    rate = parts.middle(of["raw"], "per_s")
    return {
        "lookups": given.lookups,
        "dead_quarter": given.dead_quarter,
        "raw_per_s": rate,
        "scan_to_raw": round(parts.middle(of["scan"], "per_s") / rate, 2),
        "lookups_to_raw": round(parts.middle(of["lookups"], "per_s") / rate, 2),
        "scan_cpu_ms_each": parts.middle(of["scan"], "cpu_ms_each"),
        "lookups_cpu_ms_each": parts.middle(of["lookups"], "cpu_ms_each"),
        "scan_rss_mb": of["scan"][-1]["rss_mb"],
        "scan_own_mb": of["scan"][-1]["own_mb"],
        "false_active": sum(r["false_active"] for r in ours),
        "false_stale": sum(r["false_stale"] for r in ours),
        "undecided": sum(r["undecided"] for r in ours),
    }


if __name__ == "__main__":
    main()
