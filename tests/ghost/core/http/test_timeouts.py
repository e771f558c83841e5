"""Requests that never end do not stop the others: the real gunicorn."""

import socket

import pytest
import requests

from tests.installation import Installation, wait_for


@pytest.fixture
def place(tmp_path):
    with Installation(tmp_path / "ghost", GHOST_REQUEST_TIMEOUT_S="2") as place:
        yield place


def half_a_request(place, token):
    connection = socket.create_connection(("127.0.0.1", place.port))
    head = (
        f"POST /api/categories HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    connection.sendall(head.encode())
    return connection


def test_bodies_that_never_end_are_given_up(place):
    token = place.token("Admin", "Slow")
    place.start("web")
    slow = [half_a_request(place, token) for _ in range(18)]  # more than there are threads

    def answers():
        try:
            return requests.get(f"{place.url}/health", timeout=1).status_code == 200
        except requests.RequestException:
            return False

    assert not answers()
    wait_for("an answer to somebody else", answers, 30)

    for each in slow:
        each.close()
