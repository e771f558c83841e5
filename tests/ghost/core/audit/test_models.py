"""The audit trail's table."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.django_db


def test_old_events_are_dropped():
    make.category()
    AuditEvent.objects.update(at=timezone.now() - timedelta(days=400))

    old = AuditEvent.objects.outdated(timezone.now() - timedelta(days=365))

    assert old.count() == AuditEvent.objects.count() > 0
