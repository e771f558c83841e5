"""The builds that bench_build.py measures, in a process where Django is set up."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

from processes import usage

from builds.engine import pipeline
from builds.models import Build, BuildState, Step
from builds.run import Listener
from builds.tree import releases
from resources.models import Resource

RESULT = {"done", "unchanged"}


class Watch:
    """What a build used, and what Hugo used of it."""

    def __init__(self) -> None:
        self.hugo_s = 0.0
        self._before = 0.0
        self._began, self._cpu = time.monotonic(), cpu_s()

    def tell(self, step: Step) -> None:
        """Of each step, when it begins and when it ends."""
        if step.name != "hugo":
            return
        if step.ended_at:
            self.hugo_s += children_s() - self._before
        elif not step.total:  # its beginning, and not how far it is
            self._before = children_s()

    def told(self, build: Build) -> dict[str, Any]:
        """As a row of the table."""
        counts = {step.name: step.counts for step in build.steps.all()}
        return {
            "wall_s": time.monotonic() - self._began,
            "cpu_s": cpu_s() - self._cpu,
            "hugo_s": self.hugo_s,
            "changed": build.changed,
            "search_kb": counts["search"].get("bytes", 0) / 1000,
            "rss_mb": peak_mb(resource.RUSAGE_SELF),
            "hugo_rss_mb": peak_mb(resource.RUSAGE_CHILDREN),
        }


def build(tell: Listener | None = None) -> dict[str, Any]:
    """Build what is pending; what it used. `tell` hears of each step."""
    watch = Watch()
    claimed = Build.objects.claim("bench")
    assert claimed
    done = pipeline.run(claimed, listener=tell or watch.tell)
    assert done.state in RESULT, done.error
    return watch.told(done)


def edit(number: int, of: int) -> dict[str, Any]:
    """A new title for one resource, the oldest first and the newest last; built."""
    ids = list(Resource.objects.public().order_by("pk").values_list("pk", flat=True))
    row = Resource.objects.get(pk=ids[(len(ids) - 1) * number // max(1, of - 1)])
    row.title = f"{row.title[:200]} corrected"
    row.store()
    used = build()
    assert row.title.encode() in _page(row), "the edit is not on the site"
    return {"what": f"edit {number + 1}", **used}


def _page(row: Resource) -> bytes:
    return (releases.public() / f"resources/{row.pk}/index.html").read_bytes()


def cpu_s() -> float:
    """Of this process and of those that it ran to their end."""
    return usage.cpu_s() + children_s()


def children_s() -> float:
    """Of those alone."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb(whose: int) -> int:
    """Highest RSS so far."""
    return resource.getrusage(whose).ru_maxrss // 1024


def main() -> None:
    """A full build, then edits, as the command line says how many."""
    full = build()
    edits = [edit(number, int(sys.argv[1])) for number in range(int(sys.argv[1]))]
    state = BuildState.get()
    print(
        json.dumps(
            {
                "resources": Resource.objects.count(),
                "files": state.files,
                "full": full,
                "edits": edits,
            }
        )
    )
