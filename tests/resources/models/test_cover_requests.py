"""Covers that are asked for, and announced once for a burst."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from resources.models import Resource, cover_requests
from tests import make

pytestmark = pytest.mark.django_db

ADDRESS, OTHER = "https://covers.example/1.png", "https://covers.example/2.png"


@pytest.mark.parametrize(
    ("old", "uploaded", "now", "is_other"),
    [
        (None, False, None, False),
        (None, False, ADDRESS, True),
        (ADDRESS, False, ADDRESS, False),
        (ADDRESS, False, OTHER, True),
        (ADDRESS, False, None, True),
        (ADDRESS, True, None, False),  # the uploaded one stays
        (ADDRESS, True, OTHER, True),
    ],
)
def test_another_address_is_another_cover(old, uploaded, now, is_other):
    before = Resource(cover_image_url=old, cover_uploaded_at=timezone.now() if uploaded else None)

    assert cover_requests.is_other(Resource(cover_image_url=now), before) is is_other


def test_asking_forgets_the_cover_that_was():
    row = Resource(
        cover_image_url=ADDRESS, cover_image_path="covers/1.avif", cover_uploaded_at=timezone.now()
    )

    cover_requests.ask(row)

    assert (row.cover_image_path, row.cover_uploaded_at) == (None, None)
    assert row.cover_due_at is not None


def test_a_burst_is_announced_once(configure, django_capture_on_commit_callbacks):
    configure(enable_scheduler=True)
    rows = [make.resource(cover_image_url=ADDRESS) for _ in range(2)]
    Resource.objects.update(cover_due_at=timezone.now() - timedelta(minutes=1))
    OrmQ.objects.all().delete()

    for row in rows:
        row.cover_due_at = timezone.now()
        row.save(update_fields=["cover_due_at"])
        with django_capture_on_commit_callbacks(execute=True):
            cover_requests.announce([row])

    assert OrmQ.objects.count() == 1


def test_what_asks_for_no_cover_wakes_nobody(configure, django_capture_on_commit_callbacks):
    configure(enable_scheduler=True)
    row = make.resource()

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        cover_requests.announce([row])

    assert callbacks == []
