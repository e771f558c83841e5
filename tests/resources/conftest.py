"""The API as a publisher calls it, with the prober in the test's hands, and a file's records that are brought in."""

from __future__ import annotations

import json

import pytest

from tests.resources.catalog_files import HEADER
from tests.resources.exchanges import take_in
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


@pytest.fixture
def read(db, tmp_path):
    """Import these records; each may be bytes, as it stands in the file."""

    def take(*lines, header=HEADER, name="a.ndjson", options=()):
        path = tmp_path / name
        whole = [json.dumps(header), *lines] if header else lines
        path.write_bytes(b"".join(_line(each) for each in whole))
        return take_in(path, *options)

    return take


def _line(each):
    if isinstance(each, bytes):
        return each + b"\n"
    return (each if isinstance(each, str) else json.dumps(each)).encode() + b"\n"
