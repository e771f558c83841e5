"""`GET /api/events` at its entry point: who may listen to what. What goes on behind it: test_hub.py and,
through the real web server, test_live_streams.py."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from ghost.api import events as live
from ghost.core.events import handover, outbox
from ghost.core.events.handover import Handover
from ghost.core.events.models import Event, EventKind, Scope
from ghost.core.events.subscriber import Caller
from ghost.core.events.subscriptions import Stream
from ghost.core.server.client_socket import ClientSocket
from tests import make, operators
from tests.ghost.api.test_root import problem

pytestmark = pytest.mark.django_db

PATH = "/api/events"


@pytest.fixture
def adopted(monkeypatch):
    """What the hub would have been given; each connection ends at once."""
    given = []

    def adopt(listener):
        given.append(listener)
        listener.sock.close()

    monkeypatch.setattr(live._hub(), "adopt", adopt)
    return given


def listen(client, path=PATH, **kwargs) -> bytes:
    response = client.get(path, **kwargs)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def test_stream_is_one_and_its_listeners_alone(client, adopted):
    response = client.get(PATH, **make.auth(make.publisher()))

    headers = {n: response[n] for n in ("Content-Type", "Cache-Control", "X-Accel-Buffering")}
    assert headers == {
        "Content-Type": "text/event-stream",
        "Cache-Control": "private, no-cache",
        "X-Accel-Buffering": "no",
    }
    assert "X-Request-ID" in response


def test_listener_begins_now_and_hears_all_kinds(client, adopted):
    outbox.add(EventKind.BUILD, {}, is_for_all=True)
    token = make.publisher()

    listen(client, **make.auth(token))

    [listener] = adopted
    assert (listener.after, listener.is_resumed, listener.kinds) == (
        Event.objects.newest_id(),
        False,
        frozenset(),
    )
    assert (listener.caller, listener.stream_id) == (
        Caller(token_id=token.pk),
        Stream.objects.get().pk,
    )


@pytest.mark.parametrize(
    ("query", "header", "after"),
    [
        ("?last_event_id=7", None, 7),
        ("?last_event_id=7", "9", 9),
        ("", "9", 9),
        ("?last_event_id=0", None, 0),
        ("", "urn:x", -1),
        ("", "٣", -1),
        ("", "9" * 50, -1),
    ],
)
def test_listener_goes_on_where_it_was(client, adopted, query, header, after):
    given = make.auth(make.publisher())
    if header:
        given["headers"]["Last-Event-ID"] = header

    listen(client, PATH + query, **given)

    assert (adopted[0].after, adopted[0].is_resumed) == (after, True)


def test_listener_chooses_kinds_and_time(client, adopted):
    listen(client, PATH + "?kinds=task,build&for_s=1.5", **make.auth(make.publisher()))

    assert (adopted[0].kinds, adopted[0].for_s) == (frozenset({"task", "build"}), 1.5)


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ("resource", {"resource", "resource.on_site"}),
        ("resource.on_site,task", {"resource.on_site", "task"}),
        ("", set()),
    ],
)
def test_a_kind_includes_those_under_it(client, adopted, wanted, kinds):
    listen(client, f"{PATH}?kinds={wanted}", **make.auth(make.publisher()))

    assert adopted[0].kinds == kinds


@pytest.mark.parametrize(
    "query",
    [
        "kinds=nonsense",
        "kinds=resource_on_site",
        "kinds=task,",
        "last_event_id=-1",
        "last_event_id=x",
        "for_s=-1",
    ],
)
def test_what_makes_no_sense_is_refused(client, query):
    response = client.get(f"{PATH}?{query}", **make.auth(make.publisher()))

    assert problem(response)["status"] == 422
    assert Stream.objects.count() == 0


def test_token_has_so_many_streams(client, adopted, configure):
    configure(events_streams_per_token=2)
    token = make.publisher()
    for _ in range(2):
        listen(client, **make.auth(token))

    response = client.get(PATH, **make.auth(token))

    assert problem(response)["status"] == 429
    assert int(response["Retry-After"]) > 0


def test_stream_that_nobody_reads_takes_no_place(client):
    response = client.get(PATH, **make.auth(make.publisher()))
    before = Stream.objects.count()

    request_finished.disconnect(close_old_connections)  # as the test client does
    response.close()
    request_finished.connect(close_old_connections)

    assert (before, Stream.objects.count()) == (1, 0)


def test_scopes_are_those_of_the_lists():
    admin, owner, stranger = make.admin(), make.publisher(), make.publisher()
    teams = [make.team(owner, "one"), make.team(owner, "two")]
    member, revoked, expired = make.member(teams[0]), make.publisher(), make.publisher()
    revoked.revoke()
    type(expired).objects.filter(pk=expired.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    callers = [
        Caller(token_id=t.pk) for t in (admin, owner, stranger, member, revoked, expired)
    ] + [Caller(token_id=0), Caller(session_key="nobody's")]

    found = live._scopes(callers)

    assert [found.get(caller) for caller in callers] == [
        Scope(is_all=True, token_id=admin.pk),
        Scope(token_id=owner.pk, teams=frozenset(team.pk for team in teams)),
        Scope(token_id=stranger.pk),
        Scope(token_id=member.pk, teams=frozenset({teams[0].pk})),
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_scopes_of_tokens_take_one_query(django_assert_num_queries, number):
    tokens = [make.publisher() for _ in range(number)]
    make.team(tokens[0])

    with django_assert_num_queries(1):
        live._scopes([Caller(token_id=token.pk) for token in tokens])


# -- operators


def test_operator_who_is_signed_in_hears_everything(adopted):
    browser = operators.client("Viewer")

    listen(browser)

    [listener] = adopted
    row = Stream.objects.get()
    assert (listener.scope, row.role) == (Scope(is_all=True), "operator")
    assert row.user_id == User.objects.get().pk
    assert live._scopes([listener.caller]) == {listener.caller: Scope(is_all=True)}


def sign_out(browser: Client) -> None:
    browser.logout()


def leave(browser: Client) -> None:
    User.objects.update(is_active=False)


def lose_rights(browser: Client) -> None:
    User.objects.update(is_staff=False)


def change_password(browser: Client) -> None:
    user = User.objects.get()
    user.set_password("another one")
    user.save()


@pytest.mark.parametrize("end", [sign_out, leave, lose_rights, change_password])
def test_operator_who_left_hears_no_more(adopted, end):
    browser = operators.client()
    listen(browser)

    end(browser)

    assert live._scopes([adopted[0].caller]) == {}
    assert browser.get(PATH).status_code == 401


def test_session_opens_nothing_else():
    browser = operators.client()

    assert browser.get("/api/events/stats").status_code == 401
    assert browser.post(PATH).status_code == 405


def test_session_does_not_stand_in_for_a_bad_token():
    browser = operators.client()

    assert browser.get(PATH, headers={"Authorization": "Bearer nonsense"}).status_code == 401


# -- stats


def test_stats_tell_who_listens_and_what_is_kept(client, adopted):
    outbox.add(EventKind.BUILD, {}, is_for_all=True)
    Event.objects.create(kind="task", at=timezone.now() - timedelta(hours=2))
    admin = make.admin()
    listen(client, **make.auth(admin))

    answer = client.get("/api/events/stats", **make.auth(admin)).json()

    row = Stream.objects.get()
    assert answer == {
        "streams": {
            "open": 1,
            "by_role": {"Admin": 1},
            "oldest_opened_at": row.opened_at.isoformat(),
            "dropped": 0,
        },
        "events": {"kept": 2, "newest_id": Event.objects.newest_id(), "last_hour": 1},
    }


# -- handing over


@pytest.fixture
def connection():
    """Both ends of a TCP connection: the client's and the server's."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _address = listener.accept()
    yield client, server
    client.close()
    server.close()


def test_connection_is_taken_and_the_server_is_done_with_it(connection):
    client, server = connection
    taken, forgotten = [], []
    request = RequestFactory().get("/")
    given = request.META["gunicorn.socket"] = ClientSocket(server, timeout_s=5)
    response = Handover(
        request, lambda *given: taken.append(given), lambda: forgotten.append(1), "text/plain"
    )
    response["X-Late"] = "set by middleware"

    parts = list(response)
    response.close()
    given.sendall(b"nothing of this arrives")  # as gunicorn does
    given.shutdown(socket.SHUT_WR)
    given.close()
    [(ours, head)] = taken
    ours.sendall(head + b"body")
    ours.close()

    received = b"".join(iter(lambda: client.recv(1000), b"")).decode()
    assert (parts, forgotten) == ([], [])
    assert received.startswith("HTTP/1.1 200 OK\r\n")
    assert "X-Late: set by middleware\r\n" in received
    assert "Connection: close\r\n" in received
    assert received.endswith("\r\n\r\nbody")


def test_connection_of_another_server_is_not_taken(connection):
    _client, server = connection
    request = RequestFactory().get("/")
    request.META["gunicorn.socket"] = server

    def adopt(sock, head):
        sock.sendall(head + b"relayed")
        sock.close()

    parts = list(Handover(request, adopt, lambda: None, "text/plain"))

    assert parts == [b"relayed"]


def test_head_has_cookies_and_no_length():
    response = HttpResponse()
    response.set_cookie("a", "b")

    lines = handover.head(response).decode().split("\r\n")

    assert lines[0] == "HTTP/1.1 200 OK"
    assert [line for line in lines if line.startswith("Set-Cookie")] == ["Set-Cookie: a=b; Path=/"]
