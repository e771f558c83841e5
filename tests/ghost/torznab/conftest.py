"""The interface as a client asks it."""

import pytest


@pytest.fixture
def ask(client):
    """`ask(token, t="search", q="…")`: one request with its key in the query."""

    def send(token, **query):
        return client.get("/api/torznab", {"apikey": token.raw, **query})

    return send
