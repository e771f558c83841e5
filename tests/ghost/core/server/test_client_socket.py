from __future__ import annotations

import io
import socket
import threading
from contextlib import suppress

import pytest

from ghost.core.server import client_socket
from ghost.core.server.client_socket import ClientSocket

LARGE = 12_000_000


@pytest.fixture
def ends():
    """The server's end, as a thread has it, and the client's."""
    ours, theirs = socket.socketpair()
    served = ClientSocket(ours, timeout_s=0.2)
    yield served, theirs
    served.close()
    theirs.close()


def read_all(theirs: socket.socket, served: ClientSocket) -> bytes:
    """What the client gets while the main thread goes on."""
    theirs.settimeout(0)
    parts = []
    while not served.is_all_sent:
        served.flush()
        with suppress(BlockingIOError):
            while part := theirs.recv(1_000_000):
                parts.append(part)
    with suppress(BlockingIOError):
        parts.append(theirs.recv(1_000_000))
    return b"".join(parts)


def test_thread_reads_what_was_collected_and_waits_for_nothing(ends):
    served, theirs = ends
    served.received = io.BytesIO(b"collected")
    theirs.send(b"not collected")

    assert served.recv(100) == b"collected"
    with pytest.raises(TimeoutError):
        served.recv(100)


def test_answer_that_nobody_reads_keeps_no_thread(ends):
    served, theirs = ends
    answer = bytes(range(250)) * 20_000

    served.sendall(answer)
    left = served.unsent_bytes

    assert 0 < left < len(answer)
    assert read_all(theirs, served) == answer
    assert (served.unsent_bytes, served.is_all_sent) == (0, True)


def test_parts_of_an_answer_keep_their_order(ends, tmp_path):
    served, theirs = ends
    file = tmp_path / "file"
    file.write_bytes(b"-file-" * 200_000)

    served.sendall(b"a" * 1_000_000)
    with file.open("rb") as opened:
        served.sendfile(opened, offset=6, count=600_000)
    served.sendall(b"b")

    assert read_all(theirs, served) == b"a" * 1_000_000 + b"-file-" * 100_000 + b"b"


def test_file_that_becomes_shorter_ends_the_answer(ends, tmp_path):
    served, theirs = ends
    file = tmp_path / "file"
    file.write_bytes(b"x" * 5_000_000)
    with file.open("rb") as opened:
        served.sendfile(opened, count=5_000_000)
    file.write_bytes(b"")

    with pytest.raises(BrokenPipeError):
        read_all(theirs, served)


def test_endless_answer_waits_for_its_reader(ends, monkeypatch):
    monkeypatch.setattr(client_socket, "MAX_UNSENT_BYTES", 1_000_000)
    served, theirs = ends
    served._timeout_s = 60
    got = []

    def read() -> None:
        while part := theirs.recv(1_000_000):
            got.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    most = 0
    for _ in range(100):
        served.sendall(b"x" * 100_000)
        most = max(most, served.unsent_bytes)
    while not served.is_all_sent:
        served.flush()
    served.shutdown(socket.SHUT_WR)
    reader.join()

    assert most <= 1_000_000
    assert sum(map(len, got)) == 10_000_000


def test_who_never_reads_an_endless_answer_is_given_up(ends, monkeypatch):
    monkeypatch.setattr(client_socket, "MAX_UNSENT_BYTES", 1_000_000)
    served, _theirs = ends

    with pytest.raises(BrokenPipeError):
        served.sendall(b"x" * 5_000_000)

    assert served.is_all_sent
    assert served.fileno() == -1


def test_gunicorn_says_100_continue_to_nobody(ends):
    served, theirs = ends

    served.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    served.sendall(b"the answer")

    assert theirs.recv(100) == b"the answer"


def test_taken_connection_is_left_alone(ends):
    served, theirs = ends
    taken = served.take()

    served.sendall(b"no")
    served.shutdown(socket.SHUT_RDWR)
    served.close()
    taken.send(b"yes")
    taken.close()

    assert theirs.recv(100) == b"yes"
