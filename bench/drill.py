"""A drill: single processes of web and worker are killed, one after the other, under load.

    python bench/drill.py [--seconds 600] [--every 10 30] [--seed 1]

Only the two top processes are started again, as any runner does. Meanwhile publishers create and
change resources, an Admin takes some down, asks for scans and for full builds. At the end each
accepted write must be there once, nothing may be left over, and the site must equal one that is
built anew from the same rows. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from drilling import after, killing, writing
from processes import parts

ENGINE = "import django; django.setup(); from drilling import world; world.main()"
SETTLE_S = 240.0
GOALS = {
    "refused": 0,
    "unanswered": 0,
    "lost": 0,
    "twice": 0,
    "differing_files": 0,
    "left_in_queue": 0,
    "left_processes": 0,
}


def main() -> None:
    """Fill, serve, kill, settle, compare; exit code 1 if a goal is missed."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="ghost-drill-") as folder:
        here = Path(folder)
        with parts.network(here, nodes=24, torrents=given.torrents) as network:
            summary = _drill(here, network.manifest, given)
    parts.show([{"what": name, "figure": str(value)} for name, value in summary.items()], summary)
    missed = {name: summary[name] for name, goal in GOALS.items() if summary[name] != goal}
    sys.exit(f"missed: {json.dumps(missed)}" if missed else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--every", type=float, nargs=2, default=(10, 30))
    parser.add_argument("--torrents", type=int, default=300)
    parser.add_argument("--listed", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _drill(here: Path, manifest: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    env = parts.environment(here, manifest, enable_scheduler=1, api_rate_limit=10**9)
    parts.run(env, "manage.py", "migrate", "--verbosity", "0")
    parts.run(env, "manage.py", "generate_catalog", "--resources", str(given.listed))
    tokens = parts.run(env, "-c", ENGINE)
    dice = random.Random(given.seed)
    with killing.Runner(env, here) as runner:
        publishers = writing.Publishers(runner.port, tokens, list(manifest["live"]), dice)
        publishers.start()
        kills = _kill(runner, dice, given)
        publishers.stop()
        settled_s = after.settle(here, SETTLE_S)
    print(*publishers.accepted.refused, sep="\n", file=sys.stderr)
    found = after.Found(here, publishers.accepted)
    return {
        "seconds": given.seconds,
        "kills": sum(kills.values()),
        "of": dict(sorted(kills.items())),
        "restarts_by_runner": runner.restarts,
        "accepted": len(publishers.accepted.titles) + publishers.accepted.changes,
        "taken_down": len(publishers.accepted.taken_down),
        "refused": len(publishers.accepted.refused),
        "unanswered": len(publishers.accepted.unanswered),
        "longest_without_a_write_s": round(publishers.longest_pause_s, 1),
        "settled_s": round(settled_s, 1),
        "builds": found.count("SELECT count(*) FROM builds_build"),
        "scans": found.count("SELECT count(*) FROM dht_scan"),
        "lost": found.lost(),
        "twice": found.twice(),
        "left_in_queue": found.left(),
        "left_processes": runner.left,
        "differing_files": after.differing(here, env),
    }


def _kill(runner: killing.Runner, dice: random.Random, given: argparse.Namespace) -> Counter[str]:
    kills: Counter[str] = Counter()
    ends_at = time.monotonic() + given.seconds
    while (left_s := ends_at - time.monotonic()) > 0:
        time.sleep(min(dice.uniform(*given.every), left_s))
        kills[runner.kill_one(dice)] += 1
    return kills


if __name__ == "__main__":
    main()
