"""The API as a publisher calls it, with the prober in the test's hands."""

from __future__ import annotations

import json

import pytest

from tests.resources.prober import FakeProber


@pytest.fixture
def prober(monkeypatch, settings):
    """The prober, with what it does in the test's hands."""
    settings.PROBER = "tests.resources.prober.FakeProber"
    monkeypatch.setattr(FakeProber, "queued", [])
    monkeypatch.setattr(FakeProber, "patience_s", [])
    monkeypatch.setattr(FakeProber, "outcome", True)
    monkeypatch.setattr(FakeProber, "is_able", True)
    return FakeProber


@pytest.fixture
def call(client, prober, django_capture_on_commit_callbacks):
    """`call(token, "post", "/resources", {...})`: one request, with what follows its commit."""

    def send(token, method, path, body=None, **headers):
        content = b"" if body is None else json.dumps(body).encode()
        with django_capture_on_commit_callbacks(execute=True):
            return client.generic(
                method.upper(),
                f"/api{path}",
                content,
                content_type="application/json",
                headers={"Authorization": f"Bearer {token.raw}"} | headers,
            )

    return send
