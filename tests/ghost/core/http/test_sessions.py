"""Keys of sessions, as cookies name them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import operators

pytestmark = pytest.mark.django_db


def test_a_session_is_found_again():
    browser = operators.client()

    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "key", ['"\\000aaaaaaaaaaaa"', "x" * 41, "short", "UPPERCASE1", "é" * 10, "a b c d e f"]
)
def test_what_can_be_no_key_is_not_looked_up(key):
    browser = Client(raise_request_exception=False)

    with CaptureQueriesContext(connection) as queries:
        answer = browser.get("/admin/", HTTP_COOKIE=f"sessionid={key}")

    assert answer.status_code == 302
    assert not [query for query in queries if "django_session" in query["sql"]]
