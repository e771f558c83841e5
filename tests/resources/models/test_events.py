"""What listeners hear of resources: what became of them, to those in whose scope they are."""

from __future__ import annotations

import pytest

from ghost.core.audit.models import AuditEvent
from ghost.core.events.models import Event, EventKind
from ghost.core.text.reasons import words
from resources.models import DhtStatus, ProbeStatus, Resource, findings
from resources.models import events as news
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """What was told since it was called last: kind and data of each event."""

    def hear(kind: EventKind = EventKind.RESOURCE) -> list[dict]:
        found = list(Event.objects.filter(kind=kind).order_by("id"))
        Event.objects.all().delete()
        return [event.data for event in found]

    return hear


def told(change: str, *rows: tuple[Resource, str | None]) -> dict:
    """What an event says of these rows."""
    states = [{"resource_id": row.pk, "state": state} for row, state in rows]
    return {"change": change, "resources": states}


def test_new_resource_is_told_to_its_publisher_and_team():
    owner = make.publisher()
    team = make.team(owner)
    row = Resource(
        title="New",
        magnet_uri=make.magnet(),
        category=make.category(),
        publisher=make.member(team),
        team=team,
    )
    row.store()

    event = Event.objects.get(kind=EventKind.RESOURCE)
    assert event.data == told("created", (row, "held"))
    assert (event.token_id, event.team_id, event.is_for_all) == (row.publisher_id, team.pk, False)


def test_change_is_told_once_and_no_change_is_not(heard):
    row = make.resource()
    heard()
    row.store()
    assert heard() == []

    row.title = "Another one"
    row.store()

    assert heard() == [told("updated", (row, "live"))]


@pytest.mark.parametrize(
    ("verb", "change", "state"),
    [
        (lambda row: row.take_down(reason="x", by="y"), "taken_down", "taken_down"),
        (lambda row: row.alone().withdraw(), "withdrawn", "draft"),
        (lambda row: row.alone().ask_review(), "to_be_reviewed", "review"),
    ],
)
def test_verbs_tell_what_became_of_it(heard, verb, change, state):
    row = make.resource()
    heard()

    verb(row)

    assert heard() == [told(change, (row, state))]


def test_the_way_back_is_told_too(heard):
    row = make.resource()
    row.take_down(reason="x", by="y")
    heard()
    row.restore()
    restored = heard()
    row.alone().withdraw()
    heard()

    row.alone().publish()

    assert restored == [told("restored", (row, "live"))]
    assert heard() == [told("published", (row, "live"))]


def test_deleted_resource_is_told(heard):
    row = make.resource(published_at=None)
    heard()
    was = Resource(pk=row.pk)

    row.discard()

    assert heard() == [told("deleted", (was, None))]


def since(row: Resource) -> str:
    row.refresh_from_db()
    return present(row.missing_since).isoformat()


def test_new_health_is_told_and_the_same_is_not(heard):
    rows = [make.resource() for _ in range(3)]
    make.checked(Resource.objects.filter(pk=rows[0].pk), DhtStatus.STALE, misses=2)
    heard()

    changed = make.checked(Resource.objects.all(), DhtStatus.STALE, misses=3)

    assert changed == 2
    [event] = heard(EventKind.HEALTH)
    assert event["resources"] == [
        {
            "resource_id": row.pk,
            "was": "Active",
            "status": "Stale",
            "seeds_band": "0",
            "seeds": None,
            "peers": None,
            "missing_since": since(row),
        }
        for row in rows[1:]
    ]


def test_health_is_told_of_drafts_too(heard):
    row = make.resource(published_at=None)
    heard()

    make.checked(row.__class__.objects.all(), DhtStatus.STALE)

    [event] = heard(EventKind.HEALTH)
    assert [each["resource_id"] for each in event["resources"]] == [row.pk]


def test_probe_tells_how_it_ended(heard):
    row = make.resource(is_probed=False)
    heard()
    findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("Nobody is there."))
    missed = heard(EventKind.HEALTH)

    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))

    same = {"resource_id": row.pk, "was": "Unknown"}
    assert missed == [
        {"resources": [same | {"status": "Unknown", "probe_status": "inactive", "state": "held"}]}
    ]
    assert heard(EventKind.HEALTH) == [
        {"resources": [same | {"status": "Active", "probe_status": "ok", "state": "live"}]}
    ]


@pytest.mark.parametrize("number", [1, 30])
def test_telling_of_many_takes_as_many_queries_as_of_one(number, django_assert_max_num_queries):
    for _ in range(number):
        make.resource()

    with django_assert_max_num_queries(14):
        make.checked(Resource.objects.all(), DhtStatus.STALE)


def test_many_are_told_in_one_event_for_each_audience(heard, monkeypatch):
    monkeypatch.setattr(news, "IN_ONE", 3)
    ada, eve = make.publisher(), make.publisher(name="Eve")
    rows = [make.resource(publisher=ada) for _ in range(4)] + [make.resource(publisher=eve)]
    Event.objects.all().delete()

    Resource.objects.all().take_down(reason="x", by="y")

    events = Event.objects.filter(kind=EventKind.RESOURCE).order_by("id")
    assert [(e.token_id, e.data) for e in events] == [
        (ada.pk, told("taken_down", *((row, "taken_down") for row in rows[:3]))),
        (ada.pk, told("taken_down", (rows[3], "taken_down"))),
        (eve.pk, told("taken_down", (rows[4], "taken_down"))),
    ]


def test_what_needs_no_probe_any_more_is_told_and_audited_once_for_each(heard):
    probed = make.resource()
    held, draft = (
        make.resource(is_probed=False, published_at=at) for at in (probed.published_at, None)
    )
    heard()

    first, second = (Resource.objects.all().skip_probe() for _ in range(2))

    told_of = {row["resource_id"]: row["state"] for event in heard() for row in event["resources"]}
    events = AuditEvent.objects.filter(action="resource.skip_probe")
    assert (first, second) == (2, 0)
    assert told_of == {held.pk: "live", draft.pk: "draft"}
    assert {event.object_key: event.changes for event in events} == {
        str(row.pk): {"probe_status": ["pending", "skipped"]} for row in (held, draft)
    }


def test_cover_by_hand_is_told_and_one_that_was_fetched_is_not(heard):
    row = make.resource()
    heard()
    findings.record_cover(row, "assets/covers/1.webp")
    fetched = heard()

    findings.record_cover(row, None, is_by_hand=True)

    assert (fetched, heard()) == ([], [told("cover_changed", (row, "live"))])
