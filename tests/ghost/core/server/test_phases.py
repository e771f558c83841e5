from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest

from ghost.core.server import phases
from ghost.core.server.client_socket import ClientSocket
from ghost.core.server.phases import Arrival, Departure, Farewell

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n"


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    served = ClientSocket(ours, timeout_s=20)
    yield served, theirs
    served.close()
    theirs.close()


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def arrival(already_read=b"") -> Arrival:
    return Arrival(2, 20, lambda conn: None, already_read)


def left_s(phase) -> float:
    return phase.pace.deadline - time.monotonic()


def test_request_is_whole_when_its_body_is(ends):
    served, theirs = ends
    phase, request = arrival(), HEAD % (5, b"") + b"12345"

    for byte in request[:-1]:
        theirs.send(bytes([byte]))
        assert not phase.go_on(served)
    theirs.send(request[-1:])

    assert phase.go_on(served)
    assert (served.recv(1000), phase.held_bytes) == (request, len(request))


def test_what_came_with_the_request_before_is_looked_at_first(ends):
    served, theirs = ends
    request = HEAD % (5, b"") + b"12345"

    assert arrival(request).go_on(served)
    assert served.recv(1000) == request

    phase = arrival(request[:-2])
    assert not phase.go_on(served)
    theirs.send(b"45")
    assert phase.go_on(served)
    assert served.recv(1000) == request


def test_large_body_is_kept_in_a_file(ends):
    served, theirs = ends
    request = HEAD % (1_000_000, b"") + b"x" * 1_000_000
    phase, sent = arrival(), 0
    theirs.settimeout(0)

    while not phase.go_on(served):
        with suppress(BlockingIOError):
            sent += theirs.send(request[sent:])

    assert served.received._rolled
    assert served.recv(2_000_000) == request


def test_body_that_is_too_large_is_not_waited_for(ends):
    served, theirs = ends
    theirs.send(HEAD % (phases.MAX_BODY_BYTES + 1, b"Expect: 100-continue\r\n"))

    assert arrival().go_on(served)

    theirs.settimeout(0)
    with pytest.raises(BlockingIOError):
        theirs.recv(100)


def test_client_is_told_once_to_go_on(ends):
    served, theirs = ends
    phase = arrival()
    theirs.send(HEAD % (2, b"Expect: 100-continue\r\n"))
    phase.go_on(served)
    theirs.send(b"1")
    phase.go_on(served)
    theirs.send(b"2")

    assert phase.go_on(served)
    assert theirs.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_time_of_an_idle_connection_and_of_a_request_that_has_begun(ends, clock):
    served, theirs = ends
    phase = arrival()
    idle_s = left_s(phase)
    clock(1)

    theirs.send(b"GET ")
    phase.go_on(served)
    begun_s = left_s(phase)
    clock(10)
    theirs.send(b"/ ")
    phase.go_on(served)

    assert (idle_s, round(begun_s), round(left_s(phase))) == (2, 20, 10)


def test_body_that_moves_on_has_more_time(ends, clock):
    served, theirs = ends
    phase = arrival()
    theirs.send(HEAD % (10_000_000, b""))
    phase.go_on(served)

    for _ in range(60):
        clock(1)
        theirs.send(b"x" * 12_000)
        phase.go_on(served)

    assert left_s(phase) > 20


def test_hurry_leaves_a_second_and_more_to_who_moves_on(ends, clock):
    served, theirs = ends
    phase = arrival()
    theirs.send(HEAD % (10_000_000, b""))
    phase.go_on(served)
    phase.hurry()
    hurried_s = left_s(phase)

    theirs.send(b"x" * 12_000)
    phase.go_on(served)

    assert (hurried_s, round(left_s(phase), 1)) == (1, 2.2)


def test_who_hangs_up_is_gone(ends):
    served, theirs = ends
    phase = arrival()
    theirs.send(b"GET ")
    phase.go_on(served)
    theirs.close()

    with pytest.raises(ConnectionResetError):
        phase.go_on(served)


def test_answer_has_gone_out_when_nothing_is_kept(ends):
    served, theirs = ends
    served.sendall(b"x" * 3_000_000)
    phase = Departure(20, lambda conn: None)

    assert not phase.go_on(served)
    assert phase.held_bytes == served.unsent_bytes
    theirs.settimeout(0)
    while not phase.go_on(served):
        with suppress(BlockingIOError):
            theirs.recv(1_000_000)
    assert phase.held_bytes == 0


def test_farewell_ends_when_the_client_closes_or_says_too_much(ends):
    served, theirs = ends
    phase = Farewell(lambda conn: None)
    theirs.send(b"x" * 1000)

    is_done = phase.go_on(served)
    heard = theirs.recv(100)
    theirs.send(b"x" * 70_000)
    is_over = phase.go_on(served) or phase.go_on(served)
    theirs.close()

    assert (is_done, heard, is_over) == (False, b"", True)
    phase.go_on(served)  # the rest of what was sent
    with pytest.raises(ConnectionResetError):
        phase.go_on(served)
