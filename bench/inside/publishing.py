"""What bench_publish.py needs of a process where Django is set up."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from django.utils import timezone
from processes import usage

from builds.models import Build, BuildState, Step
from ghost.core.catalog.models import Catalog
from ghost.core.text.reasons import words
from inside import building
from resources.models import Category, Resource
from teams.models import Token
from teams.roles import Role


def world() -> dict[str, object]:
    """A publisher's token, and where to publish."""
    _token, raw = Token.objects.issue(Role.PUBLISHER, "Bench")
    return {"token": raw, "categories": list(Category.objects.values_list("pk", flat=True))}


def built() -> dict[str, object]:
    """Whether the site holds the catalog, and how many builds there were."""
    return {
        "pending": BuildState.get().pending_changes,
        "builds": Build.objects.exclude(state=Build.State.UNCHANGED).count(),
    }


class SyncWatch:
    """The CPU seconds of the step that takes over what changed."""

    def __init__(self) -> None:
        self.cpu_s = 0.0

    def tell(self, step: Step) -> None:
        """Of each step, when it begins and when it ends."""
        if step.name == "sync":
            self.cpu_s = usage.cpu_s() - self.cpu_s


def delta() -> dict[str, object]:
    """One build of resources that come all at once (keys: a file): how long it takes, and the CPU
    of taking each over."""
    ids = json.loads(Path(sys.argv[2]).read_text())
    rows = Resource.objects.filter(pk__in=ids)
    rows.update(published_at=None)
    Catalog.advance(words("bench"), ids)
    building.build()
    rows.update(published_at=timezone.now())
    Catalog.advance(words("bench"), ids)
    watch, meter = SyncWatch(), usage.Meter()
    with meter:
        building.build(watch.tell)
    return {"delta_s": meter.wall_s, "absorb_ms_each": watch.cpu_s / len(ids) * 1000}


def main() -> None:
    """One part, as the command line says."""
    print(json.dumps({"world": world, "built": built, "delta": delta}[sys.argv[1]]()))
