"""What follows from the columns, for one row and in a query."""

from datetime import timedelta

import pytest
from django.utils import timezone

from resources.models import ProbeStatus, Resource, findings
from resources.states import State
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=30)


def held(**kwargs) -> Resource:
    return make.resource(is_probed=False, published_at=LONG_AGO, **kwargs)


def probe(row: Resource) -> None:
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))


def since(row: Resource):
    row.refresh_from_db()
    return row.became_public_at


@pytest.mark.parametrize("state", list(State))
def test_the_state_of_one_and_of_many_agree(state):
    make.resource(published_at=None)
    make.resource(is_probed=False)
    make.resource().take_down(reason="asked", by="test")
    make.resource().alone().ask_review()
    make.resource(published_at=None).alone().ask_review()
    make.resource()

    found = set(Resource.objects.in_state(state))

    assert found == {row for row in Resource.objects.all() if row.state == state}


def late_probe():
    row = held()
    yield row
    probe(row)


def override():
    row = held()
    yield row
    row.alone().skip_probe()


def publishing():
    row = make.resource(published_at=None)
    yield row
    row.alone().publish()


def approval():
    row = make.resource(published_at=LONG_AGO, awaits_review=True)
    yield row
    row.alone().approve()


def an_edit():
    row = make.resource(published_at=None)
    yield row
    row.published_at = LONG_AGO
    row.store()


def an_earlier_hour():
    row = make.resource(published_at=timezone.now() + timedelta(days=1))
    row.alone().withdraw()
    yield row
    row.alone().publish()


@pytest.mark.parametrize(
    "way", [late_probe, override, publishing, approval, an_edit, an_earlier_hour]
)
def test_it_is_public_since_whatever_kept_it_back_was_over(way):
    steps = way()
    row = next(steps)
    before, kept_back = timezone.now(), since(row)
    next(steps, None)

    assert kept_back is None
    assert before <= present(since(row)) <= timezone.now()
    assert row.is_public


def test_what_is_scheduled_is_public_since_its_hour():
    hour = timezone.now() + timedelta(days=2)
    row = held()
    row.published_at = hour
    row.store()
    unprobed = since(row)
    probe(row)

    assert (unprobed, since(row)) == (None, hour)


def test_another_hour_counts_until_it_has_come():
    hour = timezone.now() + timedelta(days=2)
    row = make.resource(published_at=hour)
    row.published_at = hour + timedelta(days=1)
    row.store()

    assert since(row) == hour + timedelta(days=1)


def an_edit_of(row):
    row.title, row.published_at = "Other", timezone.now() - timedelta(days=1)
    row.store()


def a_later_hour_of(row):
    row.published_at = timezone.now() + timedelta(days=1)
    row.store()
    row.alone().publish()


def takedown_of(row):
    row.take_down(reason="asked", by="test")
    row.restore()


def withdrawal_of(row):
    row.alone().withdraw()
    row.alone().publish()


def review_of(row):
    row.alone().ask_review()
    row.alone().approve()


def another_magnet_of(row):
    row.magnet_uri = make.magnet()
    row.store()
    probe(row)


@pytest.mark.parametrize(
    "change",
    [an_edit_of, a_later_hour_of, takedown_of, withdrawal_of, review_of, another_magnet_of],
)
def test_what_was_public_once_keeps_its_place(change):
    row = make.resource(published_at=LONG_AGO)
    change(row)

    assert since(row) == LONG_AGO
    assert row.is_public


def test_a_scheduled_one_that_is_taken_down_was_never_public():
    row = make.resource(published_at=timezone.now() + timedelta(days=2))
    row.take_down(reason="asked", by="test")

    assert since(row) is None


def test_a_failed_probe_publishes_nothing():
    row = held()
    findings.record_probe_miss(row, ProbeStatus.TIMEOUT, present(row.probe_error))

    assert since(row) is None
