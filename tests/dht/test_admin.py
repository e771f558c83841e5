import pytest
from django.urls import reverse
from django_q.models import OrmQ

from dht.models import HealthSample
from dht.tasks import scan_health
from tests import make, operators

pytestmark = pytest.mark.django_db


def test_a_scan_of_all_is_queued(django_capture_on_commit_callbacks):
    browser = operators.client("Moderator")

    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(reverse("admin:dht_scan"))

    queued = OrmQ.objects.get().task
    assert answer.url == operators.list_of("dht_healthsample")
    assert (queued["func"], queued["kwargs"]) == (scan_health, {"is_all": True})


def test_a_viewer_or_a_get_starts_no_scan(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        viewer = operators.client("Viewer").post(reverse("admin:dht_scan"))
        got = operators.client("Operator").get(reverse("admin:dht_scan"))

    assert (viewer.status_code, got.status_code) == (403, 405)
    assert OrmQ.objects.count() == 0


def test_a_resources_form_shows_its_last_look_ups():
    row, other = make.resource(), make.resource()
    for resource, peers in ((row, 4711), (other, 1234)):
        HealthSample.objects.create(
            resource=resource, method="dht", status="Active", num_peers=peers
        )

    page = operators.client("Viewer").get(operators.form_of("resources_resource", row.pk))

    assert ("4711" in page.content.decode(), "1234" in page.content.decode()) == (True, False)
