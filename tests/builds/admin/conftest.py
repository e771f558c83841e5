"""A site with two states."""

import pytest
from django_q.models import OrmQ

from builds import tasks
from builds.models import Build
from tests import make


@pytest.fixture
def two_states():
    """A site that was built and then changed; the builds, the present one first."""
    row = make.resource(title="One")
    tasks.build_now("change")
    row.title = "Two"
    row.store()
    tasks.build_now("change")
    OrmQ.objects.all().delete()
    return list(Build.objects.all())
