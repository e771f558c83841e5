"""The guard of the real gunicorn: whatever clients do slowly or wrongly, others are answered."""

from __future__ import annotations

import resource
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest
import requests

from builds.covers import fetching
from ghost.core.http.multipart import FIELDS_BYTES
from ghost.core.server.phases import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from ghost.core.server.worker import MAX_FILES
from resources.publishing import bulk
from resources.torrents import metainfo
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow

TIMEOUT_S = 2
MANY = 40
"""More than there are threads."""
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = b"POST /api/session/verify HTTP/1.1\r\nHost: localhost\r\n"
VARIABLES = {"GHOST_REQUEST_TIMEOUT_S": str(TIMEOUT_S), "GHOST_ENABLE_SCHEDULER": "0"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with Installation(tmp_path_factory.mktemp("guarded"), **VARIABLES) as installation:
        public = installation.folder / "site" / "public"
        public.mkdir(parents=True)
        (public / "large.json").write_bytes(b"0123456789" * 3_000_000)
        installation.start("web")
        yield installation


@pytest.fixture
def connect(place):
    """Opens connections, and closes them in the end."""
    with ExitStack() as opened:

        def one(data=b"", at=place, buffer_bytes=0) -> socket.socket:
            sock = opened.enter_context(closing(socket.socket()))
            if buffer_bytes:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            sock.settimeout(30)
            sock.connect(("127.0.0.1", at.port))
            sock.sendall(data)
            return sock

        yield one


def rest(sock: socket.socket) -> bytes:
    """All that comes until the server closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := sock.recv(1_000_000):
            parts.append(part)
    return b"".join(parts)


def statuses(answers: bytes) -> list[bytes]:
    return [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]


def is_closed(sock: socket.socket) -> bool:
    sock.settimeout(0)
    try:
        return not sock.recv(1_000_000)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def is_answered(place) -> bool:
    """Whether somebody else gets an answer before those who hold on are let go."""
    begun = time.monotonic()
    return requests.get(f"{place.url}/health", timeout=30).ok and time.monotonic() - begun < 10


def workers(place) -> list[int]:
    pid = place.programs["web"].pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in children.split()]


def open_sockets(place) -> int:
    """Connections that the server has open."""
    found = [file for pid in workers(place) for file in Path(f"/proc/{pid}/fd").iterdir()]
    links = []
    for file in found:
        with suppress(FileNotFoundError):
            links.append(str(file.readlink()))
    return sum(link.startswith("socket:") for link in links)


# -- those who are slow


def test_half_heads_keep_nobody_waiting_and_are_dropped(place, connect):
    halves = [connect(HEALTH[:20]) for _ in range(200)]

    assert is_answered(place)
    wait_for("the end of all of them", lambda: all(map(is_closed, halves)))


def test_dripping_bodies_keep_nobody_waiting_and_are_dropped(place, connect):
    dripping = [connect(POST + b"Content-Length: 1000\r\n\r\n") for _ in range(MANY)]
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(0.1):
            for sock in dripping:
                with suppress(OSError):
                    sock.send(b"x")

    dripper = threading.Thread(target=drip)
    dripper.start()
    try:
        assert is_answered(place)
        wait_for("the end of all of them", lambda: all(map(is_closed, dripping)))
    finally:
        is_over.set()
        dripper.join()


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Content-Length: 70000000\r\n\r\n" + b"x" * 100_000,
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 70000000\r\n\r\n--x\r\n",
    ],
)
@pytest.mark.parametrize("path", [b"/api/resources", b"/admin/login/", b"/"])
def test_bodies_that_are_not_collected_are_not_waited_for(place, connect, path, head):
    begun = b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + head
    slow = [connect(begun) for _ in range(MANY)]

    assert is_answered(place)
    answers = [rest(sock) for sock in slow]
    assert {len(statuses(answer)) for answer in answers} == {1}
    assert {statuses(answer)[0][:1] for answer in answers} == {b"4"}


def test_slow_readers_keep_nobody_waiting(place, connect):
    asked = b"GET /large.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for _ in range(MANY):
        connect(asked, buffer_bytes=4096)
    reader = connect(asked.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    assert is_answered(place)
    head, _, body = rest(reader).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b"0123456789" * 3_000_000
    wait_for("the end of the others", lambda: open_sockets(place) < 20)


def test_those_who_do_not_hang_up_keep_nobody_waiting(place, connect):
    left_open = [connect(LAST) for _ in range(MANY)]

    assert is_answered(place)
    assert [statuses(rest(sock)) for sock in left_open] == [[b"200"]] * MANY


def test_who_hangs_up_in_the_middle_leaves_nothing_open(place, connect):
    wait_for("the end of those before", lambda: open_sockets(place) < 20)
    before = open_sockets(place)

    for data in (HEALTH[:20], POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 90_000):
        for sock in [connect(data) for _ in range(MANY)]:
            sock.close()

    wait_for("as many as before", lambda: open_sockets(place) <= before)


# -- requests as they may come


def test_pipelined_requests_are_answered_in_turn(place, connect):
    assert statuses(rest(connect(HEALTH + HEALTH + LAST))) == [b"200"] * 3


def test_pipelined_request_with_a_body_does_not_eat_the_next(place, connect):
    post = POST + b"Content-Length: 2\r\n\r\n{}"

    assert statuses(rest(connect(post + LAST))) == [b"401", b"200"]


def test_half_a_request_behind_a_whole_one_holds_no_thread(place, connect):
    socks = [connect(HEALTH + LAST[:30]) for _ in range(MANY)]

    assert is_answered(place)
    for sock in socks:
        assert sock.recv(100_000).startswith(b"HTTP/1.1 200")
        sock.sendall(LAST[30:])
    assert {statuses(rest(sock))[-1] for sock in socks} == {b"200"}


def test_connection_is_used_again(place, connect):
    sock = connect()
    for _ in range(3):
        sock.sendall(HEALTH)
        answer = b""
        while not answer.endswith(b"}"):
            answer += sock.recv(100_000)
        assert statuses(answer) == [b"200"]


def test_request_may_come_byte_by_byte(place, connect):
    sock = connect()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}":
        sock.sendall(bytes([byte]))

    assert statuses(rest(sock)) == [b"401"]


def test_who_expects_100_is_told_once(place, connect):
    sock = connect(POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n")

    assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    sock.sendall(b"{}")
    assert statuses(rest(sock)) == [b"401"]


@pytest.mark.parametrize(
    ("token", "status"), [("", b"401"), ("Publisher", b"413")], ids=["nobody", "publisher"]
)
def test_large_body_is_refused_before_it_is_taken(place, connect, token, status):
    bearer = f"Authorization: Bearer {place.token(token)}\r\n" if token else ""
    sock = connect(
        b"POST /api/resources/from-torrent HTTP/1.1\r\nHost: localhost\r\n" + bearer.encode()
        + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 70000000\r\n\r\n"
    )  # fmt: skip

    assert sock.recv(100_000).startswith(b"HTTP/1.1 " + status)


def test_body_that_a_route_takes_is_collected():
    most = max(bulk.MAX_BYTES, fetching.MAX_BYTES) + FIELDS_BYTES

    assert most < MAX_BODY_BYTES < metainfo.MAX_BYTES
    assert metainfo.MAX_BYTES + FIELDS_BYTES < MAX_UPLOAD_BYTES < 70_000_000


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 100_000, b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"b" * 9000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET /" + b"b" * 100_000, b"414"),
        (b"GET /" + b"b" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\nHost: localhost\n\n", b"400"),
        (b"\x16\x03\x01\n\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", b"400"),
        (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", b"400"),
        (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n", b"501"),
        (POST + b"Transfer-Encoding : chunked\r\n\r\n", b"400"),
        (POST + b"Content-Length : 2\r\n\r\n{}", b"400"),
        (POST + b"Content-Length: +2\r\n\r\n{}", b"400"),
        (POST + b"Content-Length: 2,2\r\n\r\n{}", b"400"),
        (POST + b"Content-Length:\r\n 2\r\n\r\n{}", b"400"),
        (POST + b"A: b\nContent-Length: 2\r\n\r\n{}", b"400"),
        (POST + b"A: b\rContent-Length: 2\r\n\r\n{}", b"400"),
    ],
)
def test_parser_says_what_is_wrong(place, connect, request_bytes, status):
    answers = rest(connect(request_bytes + LAST))

    assert statuses(answers) == [status]


def test_search_of_eight_kilobytes_is_answered(place, connect):
    search = b"GET /api/torznab?t=search&q=" + b"b" * 8192
    answers = rest(connect(search + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    assert statuses(answers) == [b"401"]  # by us, and no 414


# -- the end


@pytest.fixture
def another(tmp_path):
    with Installation(tmp_path / "another", **VARIABLES) as installation:
        yield installation


def test_end_waits_for_no_half_request_and_no_stream(another, connect):
    another.env["GHOST_REQUEST_TIMEOUT_S"] = "60"
    token = another.token("Admin", "Root").encode()
    listening = b"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
    another.start("web")
    for n in range(5):
        connect(HEALTH[: 10 + n], at=another)
        connect(at=another)
        connect(POST + b"Content-Length: 50000000\r\n\r\n", at=another)
        connect(POST + b"Content-Length: 5000\r\n\r\n", at=another)
    streams = [connect(listening + token + b"\r\n\r\n", at=another) for _ in range(5)]
    assert all(b"200 OK" in sock.recv(1000) for sock in streams)

    begun = time.monotonic()
    another.stop("web")

    assert time.monotonic() - begun < 10  # it was 30


def test_restart_of_processes_loses_no_request(another, connect):
    another.env["GUNICORN_CMD_ARGS"] = "--max-requests 20 --max-requests-jitter 0"
    another.start("web")
    first = set(workers(another))
    halves = [connect(HEALTH[:20], at=another) for _ in range(MANY)]

    answers = [requests.get(f"{another.url}/health", timeout=30).status_code for _ in range(50)]
    another.programs["web"].send_signal(signal.SIGHUP)
    answers += [requests.get(f"{another.url}/health", timeout=30).status_code for _ in range(10)]

    assert set(answers) == {200}
    wait_for("the end of the halves", lambda: all(map(is_closed, halves)))
    wait_for("other processes", lambda: not first & set(workers(another)))


# -- too much at once


def test_newcomers_get_in_when_all_connections_are_taken(another, connect):
    another.env |= {
        "GHOST_REQUEST_TIMEOUT_S": "600",
        "GUNICORN_CMD_ARGS": "--worker-connections 20",
    }
    another.start("web")

    halves = [connect(HEALTH[:20], at=another) for _ in range(100)]

    assert is_answered(another)
    assert sum(map(is_closed, halves)) >= 60


def test_newcomers_get_in_when_no_file_can_be_opened(another, connect):
    another.env["GHOST_REQUEST_TIMEOUT_S"] = "600"
    another.start("web")
    assert is_answered(another)
    for pid in workers(another):
        most = max(int(file.name) for file in Path(f"/proc/{pid}/fd").iterdir()) + 20
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    first = set(workers(another))

    halves = [connect(HEALTH[:20], at=another) for _ in range(100)]

    assert is_answered(another)
    wait_for("the end of some", lambda: sum(map(is_closed, halves)) >= 40)
    assert set(workers(another)) == first


def test_limit_of_files_is_raised(place):
    for pid in workers(place):
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        assert soft == min(hard, MAX_FILES)
