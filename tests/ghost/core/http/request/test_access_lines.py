"""The line of each request: all that an operator asks for, and nothing that opens anything."""

from __future__ import annotations

import logging
import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from ghost.core.http.request.access_lines import SECRET_PARTS, SHOWN_PARTS, AccessLineMiddleware
from ghost.core.logs.lines import FORMATTERS
from tests import make


class Lines(logging.Handler):
    """Keeps what would be written."""

    def __init__(self, seen: list[str]) -> None:
        super().__init__()
        self.seen = seen
        self.setFormatter(FORMATTERS["text"]())

    def emit(self, record):
        self.seen.append(self.format(record))


HARMLESS_PARTS = {
    "alert_id",
    "app_label", "build_id", "category_id", "content_type_id", "id", "object_id", "path", "pk", "resource_id",
    "kind", "name", "team_id", "url",
}  # fmt: skip
"""Numbers, and what is looked through for what looks like a secret."""


@pytest.fixture
def lines(caplog):
    """The details of each line."""
    caplog.set_level(logging.INFO, "ghost.access")
    return lambda: [each.details for each in caplog.records if each.name == "ghost.access"]


def the_line(lines) -> dict:
    (line,) = lines()
    return {name: value for name, value in line.items() if name != "duration_ms"}


@pytest.mark.django_db
def test_a_line_tells_of_a_publishers_request(client, lines):
    token = make.publisher()

    answer = client.get("/api/resources?limit=7", headers={"Authorization": f"Bearer {token.raw}"})

    assert the_line(lines) == {
        "method": "GET", "route": "/api/resources", "path": "/api/resources", "status": 200,
        "bytes": len(answer.content), "caller": "token",
    }  # fmt: skip
    assert 0 < lines()[0]["duration_ms"] < 60_000


@pytest.mark.django_db
def test_operators_and_strangers_are_told_apart(client, lines):
    User.objects.create_superuser("zoe", password="x")
    signed_in = Client()
    signed_in.force_login(User.objects.get())

    signed_in.get("/admin/auth/user/")
    client.get("/admin/")

    assert [(each["caller"], each["status"]) for each in lines()] == [
        ("operator", 200),
        ("anonymous", 302),
    ]


@pytest.mark.django_db
def test_a_line_asks_no_database_who_it_was(client, lines):
    cookie = {"Cookie": "sessionid=0a1b2c3d4e5f"}
    with CaptureQueriesContext(connection) as with_line:
        client.get("/api/nothing", headers=cookie)

    logging.getLogger("ghost.access").setLevel("WARNING")
    with CaptureQueriesContext(connection) as without:
        client.get("/api/nothing", headers=cookie)

    assert len(lines()) == 1
    assert len(with_line) <= len(without)


@pytest.mark.django_db
def test_a_stream_is_told_at_its_end_and_by_its_size(rf, lines):
    answer = StreamingHttpResponse(iter([b"abc", b"de"]))
    served = AccessLineMiddleware(lambda _request: answer)(rf.get("/x"))

    assert lines() == []
    assert b"".join(served) == b"abcde"
    served.close()

    assert [each["bytes"] for each in lines()] == [5]


@pytest.mark.django_db
def test_an_answer_to_head_has_no_bytes(rf, lines):
    AccessLineMiddleware(lambda _request: HttpResponse(b"abc"))(rf.head("/x")).close()

    assert the_line(lines)["bytes"] == 0


@pytest.mark.django_db
def test_a_fault_of_ours_has_its_line(lines, monkeypatch):
    def break_down(*_):
        raise ValueError("broken")

    monkeypatch.setattr("ghost.operations.health.figures.current", break_down)

    Client(raise_request_exception=False).get("/health")

    assert [each["status"] for each in lines()] == [500]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/admin/account/password/reset/MQ/c8x-12345/", "/admin/account/password/reset/…/…/"),
        ("/admin/account/first-operator/zqFirst7/", "/admin/account/first-operator/…/"),
        ("/api/nothing/ghost_aB3456789012345678901234567", "/api/nothing/…"),
        ("/api/nothing/0123456789abcdef0123456789abcdef", "/api/nothing/…"),
        ("/admin/account/password/reset/MQ/c8x-0123456789abcdef0123456789abcdef/x", None),
        ("/api/tasks/0123456789abcdef0123456789abcdef", "/api/tasks/0123456789abcdef0123456789abcdef"),
        ("/no/debian-12-4-0-amd64-netinst-and-more/", "/no/debian-12-4-0-amd64-netinst-and-more/"),
        ("/api/x%20200%20ms%0aforged", "/api/x%20200%20ms%0Aforged"),
    ],
)  # fmt: skip
def test_paths_show_nothing_that_opens_something(lines, path, shown):
    client = Client(raise_request_exception=False)

    client.get(f"{path}?apikey=zqsecret")

    told = the_line(lines)["path"]
    assert shown in (told, None)
    assert "0123456789abcdef0123456789abcdef" not in told or "/tasks/" in path
    assert "zqsecret" not in repr(lines())


def test_every_part_of_every_route_is_known_as_secret_or_harmless():
    routes = " ".join(_routes(get_resolver().url_patterns))

    named = set(re.findall(r"<(?:\w+:)?(\w+)>", routes))
    assert named - {*SECRET_PARTS, *SHOWN_PARTS} <= HARMLESS_PARTS


def _routes(patterns):
    for each in patterns:
        yield str(each.pattern)
        yield from _routes(getattr(each, "url_patterns", ()))


@pytest.mark.django_db
def test_the_line_has_the_requests_id(client, caplog):
    caplog.set_level(logging.INFO, "ghost.access")
    seen: list[str] = []
    handler = Lines(seen)
    logging.getLogger("ghost.access").addHandler(handler)
    try:
        client.get("/api/nothing", headers={"X-Request-ID": "proxy-1234"})
    finally:
        logging.getLogger("ghost.access").removeHandler(handler)

    pattern = (
        r" INFO    ghost\.access \[request=proxy-1234\] GET /api/nothing 404 "
        r'route="/api/<path:path>" duration_ms=[\d.]+ bytes=\d+ caller=anonymous$'
    )
    assert re.search(pattern, seen[0])


@pytest.mark.django_db
def test_without_an_access_log_nothing_is_counted(client, lines):
    logging.getLogger("ghost.access").setLevel("WARNING")

    client.get("/api/nothing")

    assert lines() == []
