"""What follows from the columns, for one row and in a query."""

import pytest

from resources.models import Resource
from resources.states import State
from tests import make

pytestmark = pytest.mark.django_db


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
