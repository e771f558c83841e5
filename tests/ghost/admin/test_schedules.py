"""Schedules belong to the code, and can be paused."""

import pytest
from django.urls import reverse
from django_q.models import Schedule

from ghost.operations import schedules
from tests import operators

pytestmark = pytest.mark.django_db


def test_schedules_belong_to_the_code_and_can_be_paused():
    browser = operators.client("Operator")
    schedules.sync()
    row = Schedule.objects.get(name="scan health")

    added = browser.post(reverse("admin:django_q_schedule_add"), {"func": "os.system"})
    changed = browser.post(operators.form_of("django_q_schedule", row.pk), {"func": "os.system"})
    operators.act(browser, "django_q_schedule", "pause", row)
    paused = Schedule.objects.get(pk=row.pk)
    schedules.sync()
    still = Schedule.objects.get(pk=row.pk).repeats
    operators.act(browser, "django_q_schedule", "resume", row)
    resumed = Schedule.objects.get(pk=row.pk)

    assert (added.status_code, changed.status_code) == (403, 403)
    assert (paused.func, paused.repeats, still) == ("dht.tasks.scan_health", 0, 0)
    assert resumed.repeats == -1
