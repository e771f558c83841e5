"""A synthetic catalog made uneven, as real ones are: publishers, teams, states, one huge category.

Run in a process with Django set up; prints the raw tokens and what to look for, as JSON.
"""

from __future__ import annotations

import json
from datetime import timedelta

from django.db import connection, models
from django.utils import timezone

from resources.models import Category, DhtStatus, ProbeStatus, Resource, ResourceTag
from teams import credentials
from teams.models import Team, Token
from teams.roles import Role


def main() -> None:
    """Mix it, and tell how to ask for it."""
    people, raw = _people()
    team, small = _team(people["publisher"], "Big"), _team(people["small"], "Small")
    raw["stranger"] = credentials.make()
    people["member"], raw["member"] = team.invite("Member")
    category = Category.objects.filter(resources__isnull=False).order_by("pk")[0]
    _some(10, 7919, 6).update(category=category)
    _some(10, 104729, 3).update(publisher=people["publisher"])
    _some(10, 1299709, 2).update(publisher=people["member"], team=team)
    few = Resource.objects.order_by("pk").values_list("pk", flat=True)[:3]
    Resource.objects.filter(pk__in=list(few)).update(publisher=people["small"], team=small)
    _stand()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    told = {"raw": raw, "count": Resource.objects.count()}
    print(json.dumps(told | {"wanted": _wanted(category, team), "cursors": _cursors()}))


def _people() -> tuple[dict[str, Token], dict[str, str]]:
    roles = {"admin": Role.ADMIN, "publisher": Role.PUBLISHER, "small": Role.PUBLISHER}
    made = {name: Token.objects.issue(role, name) for name, role in roles.items()}
    return {n: token for n, (token, _) in made.items()}, {n: raw for n, (_, raw) in made.items()}


def _team(owner: Token, name: str) -> Team:
    return Team.objects.create_as(owner, name)


def _some(of: int, by: int, below: int) -> models.QuerySet[Resource]:
    """`below` out of `of`, spread over all."""
    rest = models.functions.Mod(models.F("id") * by, of)
    keys = Resource.objects.annotate(rest=rest).filter(rest__lt=below).values("pk")
    return Resource.objects.filter(pk__in=list(keys.values_list("pk", flat=True)))


def _stand() -> None:
    now = timezone.now()
    _some(97, 1, 1).update(takedown_at=now)
    _some(211, 1, 1).update(published_at=None)
    _some(401, 1, 1).update(published_at=now + timedelta(days=30))
    unprobed = {"probed_at": None, "probe_status": ProbeStatus.TIMEOUT}
    _some(151, 1, 1).update(dht_status=DhtStatus.UNKNOWN, **unprobed)
    _some(503, 1, 1).update(awaits_review=True)


def _wanted(category: Category, team: Team) -> dict[str, dict[str, object]]:
    """Lists by name: common, rare, of nothing at all."""
    uses = ResourceTag.objects.values("slug").annotate(n=models.Count("pk")).order_by("-n")
    commonest = uses[0]["slug"]
    some_hash = Resource.objects.order_by("pk")[1].magnet_hash
    return {
        "all": {},
        "all, counted": {"count": "true"},
        "q: common": {"q": "a"},
        "q: one Han character": {"q": "\u4e2d"},
        "q: nowhere": {"q": "zzqqx"},
        "q: nowhere, counted": {"q": "zzqqx", "count": "true"},
        "q: part of a hash": {"q": some_hash[3:19]},
        "category: huge": {"category_id": category.pk},
        "category: huge, q nowhere": {"category_id": category.pk, "q": "zzqqx"},
        "category: none": {"category_id": 999_999},
        "tag: commonest": {"tag": commonest},
        "tag: commonest, no match": {"tag": commonest, "probe_status": "pending"},
        "tag: unknown": {"tag": "unknown"},
        "team": {"team_id": team.pk},
        "dht_status": {"dht_status": "Stale"},
        "probe_status: rare": {"probe_status": "timeout"},
        "probe_status: none": {"probe_status": "pending"},
        "updated_since: none": {"updated_since": "2035-01-01T00:00:00Z"},
        "updated_since: half": {"updated_since": "2023-06-01T00:00:00Z"},
        **{f"state: {s}": {"state": s} for s in ("live", "held", "scheduled", "draft", "review", "taken_down")},
        "everything at once": {
            "q": "zzqqx", "category_id": category.pk, "tag": commonest, "dht_status": "Stale",
            "probe_status": "ok", "state": "live", "updated_since": "2021-06-01T00:00:00Z",
        },
    }  # fmt: skip


def _cursors() -> dict[str, int]:
    """Where the first page begins, and the last full one, page 1,000 of 100,000."""
    keys = Resource.objects.standing().order_by("pk").values_list("pk", flat=True)
    return {"last_page": list(keys[:101])[-1]}
