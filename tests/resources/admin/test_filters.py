"""The list is narrowed by states and categories."""

from datetime import timedelta

import pytest
from django.utils import timezone

from resources.models import Category
from resources.states import State
from tests import make, operators
from tests.resources.admin.filled_forms import RESOURCE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", State)
def test_the_list_is_narrowed_by_state_in_the_words_of_the_api(operator, state):
    make.resource(title="live")
    make.resource(title="held", is_probed=False)
    make.resource(title="scheduled", published_at=timezone.now() + timedelta(days=1))
    make.resource(title="draft", published_at=None)
    make.resource(title="review", awaits_review=True)
    make.resource(title="taken_down").take_down(reason="x", by="x")

    page = operator.get(operators.list_of(RESOURCE), {"state": state.value})

    [row] = page.context["cl"].result_list
    assert (row.title, row.state) == (state.value, state)
    assert str(state.label) in page.content.decode()


def test_an_unknown_state_narrows_nothing(operator):
    make.resource()

    page = operator.get(operators.list_of(RESOURCE), {"state": "waiting"})

    assert len(page.context["cl"].result_list) == 1


def test_the_list_is_narrowed_by_a_category_with_what_lies_below(operator):
    top = make.category("Top")
    below = make.category("Below", parent=top)
    make.category("Later")
    make.resource(title="in top", category=top)
    make.resource(title="in below", category=below)
    make.resource(title="elsewhere", category=Category.objects.get(name="Later"))

    page = operator.get(operators.list_of(RESOURCE), {"category": top.pk})
    nonsense = operator.get(operators.list_of(RESOURCE), {"category": "x"})

    assert [row.title for row in page.context["cl"].result_list] == ["in below", "in top"]
    assert len(nonsense.context["cl"].result_list) == 3
