"""What listeners hear of resources: what became of them, to those in whose scope they are."""

from __future__ import annotations

import pytest

from ghost.events import Event, Kind
from resources.models import DhtStatus, ProbeStatus, Resource
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """What was told since it was called last: kind and data of each event."""

    def hear(kind: Kind = Kind.RESOURCE) -> list[dict]:
        found = list(Event.objects.filter(kind=kind).order_by("id"))
        Event.objects.all().delete()
        return [event.data for event in found]

    return hear


def test_new_resource_is_told_to_its_publisher_and_team():
    owner = make.publisher()
    team = make.team(owner)
    row = make.resource(publisher=make.member(team), team=team, is_probed=False)

    event = Event.objects.get(kind=Kind.RESOURCE)
    assert event.data == {"resource_id": row.pk, "change": "created", "state": "held"}
    assert (event.token_id, event.team_id, event.is_for_all) == (row.publisher_id, team.pk, False)


def test_change_is_told_once_and_no_change_is_not(heard):
    row = make.resource()
    heard()
    row.store()
    assert heard() == []

    row.title = "Another one"
    row.store()

    assert heard() == [{"resource_id": row.pk, "change": "updated", "state": "live"}]


@pytest.mark.parametrize(
    ("verb", "change", "state"),
    [
        (lambda row: row.take_down(reason="x", by="y"), "taken_down", "taken_down"),
        (lambda row: row.withdraw(), "withdrawn", "draft"),
        (lambda row: row.ask_review(), "to_be_reviewed", "review"),
    ],
)
def test_verbs_tell_what_became_of_it(heard, verb, change, state):
    row = make.resource()
    heard()

    verb(row)

    assert heard() == [{"resource_id": row.pk, "change": change, "state": state}]


def test_the_way_back_is_told_too(heard):
    row = make.resource()
    row.take_down(reason="x", by="y")
    heard()
    row.restore()
    restored = heard()
    row.withdraw()
    heard()

    row.publish()

    assert restored == [{"resource_id": row.pk, "change": "restored", "state": "live"}]
    assert heard() == [{"resource_id": row.pk, "change": "published", "state": "live"}]


def test_deleted_resource_is_told(heard):
    row = make.resource(published_at=None)
    heard()

    row.discard()

    assert [(e["change"], e["state"]) for e in heard()] == [("deleted", None)]


def test_new_health_is_told_and_the_same_is_not(heard):
    rows = [make.resource() for _ in range(3)]
    Resource.objects.filter(pk=rows[0].pk).record_health(DhtStatus.STALE, misses=2)
    heard()

    changed = Resource.objects.all().record_health(DhtStatus.STALE, misses=3)

    assert changed == 2
    assert heard(Kind.HEALTH) == [
        {"resource_id": row.pk, "was": "Active", "status": "Stale"} for row in rows[1:]
    ]


def test_health_is_told_of_drafts_too(heard):
    row = make.resource(published_at=None)
    heard()

    row.__class__.objects.record_health(DhtStatus.STALE)

    assert [event["resource_id"] for event in heard(Kind.HEALTH)] == [row.pk]


def test_probe_tells_how_it_ended(heard):
    row = make.resource(is_probed=False)
    heard()
    row.record_probe_miss(ProbeStatus.INACTIVE, "Nobody is there.")
    missed = heard(Kind.HEALTH)

    row.record_metadata(make.torrent_metadata(row.magnet_hash))

    told = {"resource_id": row.pk, "was": "Unknown"}
    assert missed == [told | {"status": "Unknown", "probe_status": "inactive", "state": "held"}]
    assert heard(Kind.HEALTH) == [
        told | {"status": "Active", "probe_status": "ok", "state": "live"}
    ]


@pytest.mark.parametrize("number", [1, 30])
def test_telling_of_many_takes_as_many_queries_as_of_one(number, django_assert_max_num_queries):
    for _ in range(number):
        make.resource()

    with django_assert_max_num_queries(14):
        Resource.objects.all().record_health(DhtStatus.STALE)
