"""What bench_events.py runs where Django is set up: tokens for it, and events at a steady rate."""

from __future__ import annotations

import json
import select
import sys
import time

from ghost.core.events import outbox
from ghost.core.events.models import EventKind
from teams.models import Token
from teams.roles import Role

WORDS = {"build_id": 1, "state": "running", "stage": "hugo", "progress": {"done": 1, "total": 9}}


def issue(number: int) -> dict[str, list[str]]:
    """Raw Publisher tokens."""
    issued = [Token.objects.issue(Role.PUBLISHER, f"Bench {n}") for n in range(number)]
    return {"tokens": [raw for _token, raw in issued]}


def tell(per_s: int) -> dict[str, int]:
    """Tell so many events a second that everybody hears, until the input ends; how many."""
    told, began = 0, time.monotonic()
    print("READY", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        outbox.add(EventKind.BUILD, WORDS, is_for_all=True)
        told += 1
        time.sleep(max(0.0, began + told / per_s - time.monotonic()))
    return {"told": told}


PARTS = {"issue": issue, "tell": tell}


def main() -> None:
    """One part, as the command line says."""
    _, what, number = sys.argv
    print(json.dumps(PARTS[what](int(number))))
