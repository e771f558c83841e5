"""Samples in the admin."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make, operators
from tests.dht.admin.samples_made import sample

pytestmark = pytest.mark.django_db


SAMPLES = "dht_healthsample"


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["changed", "by tracker", "same"]),
        ({"changed": "yes"}, ["changed"]),
        ({"changed": "no"}, ["changed", "by tracker", "same"]),
        ({"method__exact": "tracker"}, ["by tracker"]),
    ],
)
def test_samples_are_narrowed_by_change_and_method(query, titles):
    sample(make.resource(title="same"), days=3)
    sample(make.resource(title="by tracker"), days=2, method="tracker")
    sample(make.resource(title="changed"), days=1, was="Unknown")

    page = operators.client("Viewer").get(operators.list_of(SAMPLES), query)

    assert [s.resource.title for s in page.context["cl"].result_list] == titles


def test_samples_are_listed_without_the_resources_texts():
    sample(make.resource())

    with CaptureQueriesContext(connection) as queries:
        operators.client("Viewer").get(operators.list_of(SAMPLES))

    assert [q["sql"] for q in queries if "content_markdown" in q["sql"]] == []
