"""What goes wrong is told as Torznab's clients know it."""

import pytest

from tests import make
from tests.ghost.torznab.answers import error

pytestmark = pytest.mark.django_db


def test_key_that_opens_nothing_is_told_by_its_code(client, ask):
    revoked = make.publisher()
    revoked.revoke()

    assert error(ask(revoked, t="caps")) == (401, "100", "This token is not valid.")
    assert error(client.get("/api/torznab?t=caps&apikey=x"))[:2] == (401, "100")
    assert error(client.get("/api/torznab?t=caps")) == (401, "100", "Missing parameter: apikey")
    assert error(client.get("/api/torznab?t=caps", **make.auth(revoked)))[:2] == (401, "100")
    assert client.get("/api/torznab").headers["WWW-Authenticate"] == "Bearer"


def test_too_many_requests_are_told_as_clients_know_it(ask, configure, monkeypatch):
    monkeypatch.setattr("ghost.core.http.limits.rate_limit._counts", {})
    configure(api_rate_limit=2)
    token = make.member()

    answers = [ask(token, t="caps") for _ in range(4)]

    refused = [answer for answer in answers if answer.status_code != 200]
    assert [error(answer) for answer in refused] == [(429, "500", "Request limit reached")] * 2
    assert all(int(answer.headers["Retry-After"]) in range(1, 61) for answer in refused)


def test_other_methods_and_addresses_are_told_in_the_same_way(client):
    auth = make.auth(make.admin())

    assert error(client.post("/api/torznab", **auth))[:2] == (405, "202")
    assert error(client.get("/api/torznab/more", **auth))[:2] == (404, "202")


def test_fault_of_ours_is_told_without_its_details(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("ghost.torznab.results.rows", lambda *_: 1 / 0)

    response = client.get("/api/torznab?t=search", **make.auth(make.admin()))

    assert error(response) == (500, "900", "Internal Server Error")
