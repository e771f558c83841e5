"""Counting what there is."""

from __future__ import annotations

from datetime import timedelta
from time import thread_time
from typing import Any

from django.db import models
from django.db.models import Count, Sum, Value, When

from builds.models import Listing
from ghost.core.db import clock
from ghost.operations.stats.models import CatalogCount
from resources.models import Block, Category, DhtStatus, ProbeStatus, Resource
from resources.models.fields import state_is
from resources.states import SeedsBand, State
from teams.models import Team, Token
from teams.roles import Role

EVERY = timedelta(minutes=1)
SHARE = 0.005
"""Of one processor's time."""


def count_if_due() -> bool:
    """For the watch: count again if it is time to, and no other host has."""
    now, last = clock.now(), CatalogCount.objects.filter(pk=1).first()
    if last and not last.is_due(now, EVERY, SHARE):
        return False
    count()
    return True


def count() -> CatalogCount:
    """Count now."""
    began = thread_time()
    found = _counts()
    row = {
        "counts": found, "counted_at": clock.now(), "seconds": round(thread_time() - began, 4),
    }  # fmt: skip
    return CatalogCount.objects.update_or_create(row, pk=1)[0]


def _counts() -> dict[str, Any]:
    return _of_resources() | {
        "categories": Category.objects.count(),
        "tags": Listing.objects.filter(kind=Listing.Kind.TAG).count(),
        "teams": Team.objects.count(),
        "blocked_hashes": Block.objects.count(),
        "tokens_by_role": dict.fromkeys(Role.values, 0)
        | dict(Token.objects.usable().order_by().values_list("role").annotate(Count("pk"))),
    }


def _of_resources() -> dict[str, Any]:
    """In one look at each row, by all that is told of it together; then by each thing alone."""
    states = models.Case(*(When(state_is(each), then=Value(each.value)) for each in State))
    rows = Resource.objects.order_by().annotate(stands=states)
    groups = rows.values("stands", "dht_status", "seeds_band", "probe_status")
    found: dict[str, Any] = {
        "resources_by_state": dict.fromkeys(State.values, 0),
        "live_by_health": dict.fromkeys(DhtStatus.values, 0),
        "live_by_seeds": dict.fromkeys(SeedsBand.values, 0),
        "standing_by_probe": dict.fromkeys(ProbeStatus.values, 0),
        "live_bytes": 0,
    }
    for group in groups.annotate(number=Count("pk"), bytes=Sum("total_size_bytes")):
        _add(found, dict(group))
    return found


def _add(found: dict[str, Any], group: dict[str, Any]) -> None:
    number = group["number"]
    found["resources_by_state"][group["stands"]] += number
    if group["stands"] != State.TAKEN_DOWN:
        found["standing_by_probe"][group["probe_status"]] += number
    if group["stands"] == State.LIVE:
        found["live_by_health"][group["dht_status"]] += number
        found["live_by_seeds"][group["seeds_band"]] += number
        found["live_bytes"] += group["bytes"] or 0
