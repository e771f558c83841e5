"""Web seeds are asked over real HTTP on loopback, and asked for what a real client asks for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import Any
from urllib.parse import unquote_to_bytes

import libtorrent as lt
import pytest

from dht.engine import web_seeds
from dht.engine.web_seeds import WebSeedCheck
from ghost.core.errors import OutageError, RefusedError
from ghost.demo import seeds
from ghost.demo.seeds import Version
from resources.torrents.metadata import File
from tests import make
from tests.presence import present

SIZE = 5000
LONE: dict[str, Any] = {"files": (File("work.iso", SIZE),), "name": "work.iso", "v1": "ab" * 20}


class Server(ThreadingHTTPServer):
    """What it serves, how, and what it was asked."""

    manner: Callable[[Any], None]
    content: dict[str, bytes]
    asked: list[tuple[str, str]]
    sent: int
    busy: int
    lock: threading.Lock
    url: str


class Handler(BaseHTTPRequestHandler):
    """Serves `server.content` by `server.manner`; counts the bodies' bytes that were sent."""

    server: Server

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def _answer(self):
        with self.server.lock:
            self.server.asked.append((self.command, self.path))
            self.server.busy += 1
        try:
            with suppress(OSError):
                self.server.manner(self)
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def begin(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def body(self, content):
        if self.command != "HEAD":
            self.server.sent += self.connection.send(content)

    def log_message(self, *args):
        pass


def honest(handler):
    content = handler.server.content.get(unquote_to_bytes(handler.path[1:]))
    if content is None:
        return handler.begin(404, Content_Length=0)
    asked = handler.headers.get("Range")
    if not asked:
        handler.begin(200, Content_Length=len(content))
        return handler.body(content)
    first, last = (int(n) for n in asked.removeprefix("bytes=").split("-"))
    part = content[first : last + 1]
    told = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    handler.begin(206, Content_Length=len(part), Content_Range=told)
    return handler.body(part)


def without_head(handler):
    if handler.command == "HEAD":
        return handler.begin(405, Content_Length=0)
    return honest(handler)


def without_ranges(handler):
    handler.begin(200, Content_Length=SIZE)
    while handler.command == "GET":
        handler.body(b"x" * 500)


def of_another_size(handler):
    handler.begin(200, Content_Length=SIZE + 1)


def of_another_size_by_range(handler):
    if handler.command == "HEAD":
        return handler.begin(405, Content_Length=0)
    handler.begin(206, Content_Length=1, Content_Range=f"bytes 4999-4999/{SIZE + 1}")
    return handler.body(b"x")


def of_untold_size(handler):
    if handler.command == "HEAD":
        return handler.begin(200)
    handler.begin(206, Content_Length=1, Content_Range="bytes 4999-4999/*")
    return handler.body(b"x")


def of_another_range(handler):
    if handler.command == "HEAD":
        return handler.begin(200, Content_Length=SIZE)
    handler.begin(206, Content_Length=1, Content_Range=f"bytes 0-0/{SIZE}")
    return handler.body(b"x")


def of_an_empty_range(handler):
    if handler.command == "HEAD":
        return handler.begin(200, Content_Length=SIZE)
    return handler.begin(206, Content_Length=0, Content_Range=f"bytes 4999-4999/{SIZE}")


def endless(handler):
    if handler.command == "HEAD":
        return handler.begin(200, Content_Length=SIZE)
    handler.begin(206, Content_Range=f"bytes 4999-4999/{SIZE}")
    while True:
        handler.body(b"x" * 500)


def not_there(handler):
    handler.begin(404, Content_Length=0)


def broken(handler):
    handler.begin(503, Content_Length=0)


def with_huge_headers(handler):
    handler.begin(200, **{f"X-{n}": "x" * 60_000 for n in range(200)})


def dripping(handler):
    for _ in range(100):
        handler.wfile.write(b"H")
        time.sleep(0.05)


def silent(handler):
    time.sleep(0.6)


@pytest.fixture
def serve(configure):
    """`serve(manner, content, host=...)`: a web server, whose address is `.url`."""
    configure(allow_private_networks=True)
    running = []

    def start(manner=honest, content=None, host="127.0.0.1"):
        server = Server((host, 0), Handler)
        server.manner, server.content = manner, {b"work.iso": b"x" * SIZE} | (content or {})
        server.asked, server.sent, server.busy = [], 0, 0
        server.lock = threading.Lock()
        server.url = f"http://{host}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def metadata(**kwargs):
    return make.torrent_metadata("ab" * 20, **(LONE | kwargs))


def check(urls, timeout_s=5, found=None, **kwargs):
    wanted = [("key", found or metadata(), urls)]
    [(key, outcome)] = web_seeds.check(wanted, timeout_s, **kwargs)
    assert key == "key"
    return outcome


# -- one web seed


@pytest.mark.parametrize("manner", [honest, without_head])
def test_a_seed_with_the_whole_file_is_alive_and_sends_one_byte(serve, manner):
    server = serve(manner)

    outcome = check([f"{server.url}/work.iso"])

    assert outcome == WebSeedCheck(f"{server.url}/work.iso", is_alive=True)
    _until(lambda: server.sent)  # the server counts after it has sent
    assert server.sent == 1
    assert [method for method, _ in server.asked] == ["HEAD", "GET"]


FAILING = (broken, of_another_range, of_an_empty_range, with_huge_headers)
"""From these nothing is learnt of the file: another time they may serve it."""


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        (not_there, "The server answered 404."),
        (broken, "The server answered 503."),
        (of_another_size, "The server's file has 5001 bytes, not the torrent's 5000."),
        (of_another_size_by_range, "The server's file has 5001 bytes, not the torrent's 5000."),
        (of_untold_size, "The server does not say how large the file is."),
        (of_another_range, "The server answered with another range than it was asked for."),
        (of_an_empty_range, "The server answered with another range than it was asked for."),
        (with_huge_headers, "It can't be fetched: got more than 100 headers."),
    ],
)
def test_a_seed_that_serves_something_else_is_not_alive(serve, manner, reason):
    server = serve(manner)

    outcome = check([f"{server.url}/work.iso"])

    is_known = manner not in FAILING
    assert outcome == WebSeedCheck(f"{server.url}/work.iso", False, reason, is_known)
    assert server.sent <= 1


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        (without_ranges, "The server ignores ranges, without which it can't be a web seed."),
        (endless, ""),
    ],
)
def test_no_body_is_read_on_from_a_server_that_does_not_stop(serve, monkeypatch, manner, reason):
    """What the server got rid of lies in the two systems' buffers, here made small."""
    monkeypatch.setattr(Handler, "setup", _with_a_small_buffer(Handler.setup))
    server = serve(manner)

    outcome = check([f"{server.url}/work.iso"])

    assert outcome == WebSeedCheck(f"{server.url}/work.iso", not reason, reason)
    _until(lambda: not server.busy)
    assert server.sent < 20_000


def _with_a_small_buffer(setup):
    def shrunk(handler):
        handler.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        setup(handler)

    return shrunk


@pytest.mark.parametrize("manner", [dripping, silent])
def test_a_slow_server_has_its_time_and_no_more(serve, manner):
    server = serve(manner)
    started = time.monotonic()

    outcome = check([f"{server.url}/work.iso"], timeout_s=0.8)

    assert outcome.reason == "No whole answer within 0.4 s."
    assert time.monotonic() - started < 1.5


def test_a_private_address_is_asked_only_where_that_is_allowed(serve, configure):
    server = serve()
    configure(allow_private_networks=False)

    outcome = check([f"{server.url}/work.iso"])

    assert outcome.reason.startswith("It lies on a private network")
    assert server.asked == []


def test_a_redirect_is_followed(serve):
    other = serve(host="127.0.0.2")
    server = serve(lambda h: h.begin(302, Location=f"{other.url}{h.path}", Content_Length=0))

    outcome = check([f"{server.url}/work.iso"])

    assert outcome.is_alive
    assert other.asked == [("HEAD", "/work.iso"), ("GET", "/work.iso")]


def test_an_empty_torrent_has_nothing_to_be_asked_for(serve):
    server = serve()

    outcome = check([server.url], found=metadata(files=(File("work", 0),)))

    assert outcome.reason == "The torrent is empty: a web seed has nothing to serve."
    assert server.asked == []


def test_the_server_sees_the_address_that_we_ask_from(serve):
    callers = []
    server = serve(lambda h: (callers.append(h.client_address[0]), honest(h)))

    outcome = check([f"{server.url}/work.iso"], source_address="127.0.0.77")

    assert outcome.is_alive
    assert callers == ["127.0.0.77", "127.0.0.77"]


# -- which file


@pytest.mark.parametrize(
    ("path", "seed", "url"),
    [
        ("a b#c.iso", "http://x/y", "http://x/y"),
        ("a b#c.iso", "http://x/y/", "http://x/y/a%20b%23c.iso"),
        ("work/été?.iso", "http://x/y", "http://x/y/work/%C3%A9t%C3%A9%3F.iso"),
        ("work/50%.iso", "http://x/y/", "http://x/y/work/50%25.iso"),
    ],
)
def test_the_file_of_a_kept_name_is_where_bep_19_puts_it(path, seed, url):
    found = metadata(files=(File(path, 7),))

    assert web_seeds.target(found, seed) == web_seeds.Target(seed, url, 7)


def test_the_largest_file_is_asked_for_by_its_true_name_and_never_padding():
    hidden = "hidden\u202e".encode()
    info: Any = {
        b"name": b"work\x07",
        b"piece length": 16384,
        b"pieces": b"x" * 20,
        b"files": [
            {b"length": 1, b"path": [b"small"]},
            {b"length": 90, b"path": [b"a b", hidden, b"\xff#"]},
            {b"length": 9000, b"attr": b"p", b"path": [b".pad", b"9000"]},
        ],
    }
    found = metadata(info=lt.bencode(info))

    wanted = web_seeds.target(found, "http://x")

    assert wanted.url == "http://x/work%07/a%20b/hidden%E2%80%AE/%FF%23"
    assert wanted.size == 90


def all_of_x(handler):
    first, last = (int(n) for n in handler.headers["Range"].removeprefix("bytes=").split("-"))
    part = b"x" * (last + 1 - first)
    handler.begin(206, Content_Length=len(part), Content_Range=f"bytes {first}-{last}/{LARGEST}")
    handler.body(part)


NAME = "wörk & #1 100%"
LARGEST = 40_000
FILE = {"": b"x" * LARGEST}
FOLDER = {"a": b"x" * 500, "été/b c?.bin": b"x" * LARGEST, "第二": b"x" * 700}


@pytest.mark.parametrize("seed_path", ["", "/", "/all", "/all/"])
def test_a_real_client_asks_for_the_same_file(serve, tmp_path, seed_path):
    """libtorrent, which is given torrents of each kind, and nothing but a web seed of each."""
    kinds = list(product(Version, (FILE, FOLDER)))
    made = [seeds.make(tmp_path / str(n), NAME, c, v) for n, (v, c) in enumerate(kinds)]
    servers = [serve(all_of_x) for _ in made]

    wanted = [(t.body.hex(), s.url + seed_path) for t, s in zip(made, servers, strict=True)]
    with _client(tmp_path / "client", wanted):
        _until(lambda: all(_asked_for_the_largest(server) for server in servers))

    for torrent, server in zip(made, servers, strict=True):
        info = bytes(present(lt.load_torrent_buffer(torrent.body).ti).info_section())
        found = metadata(info=info, v1=torrent.v1 or "")
        largest = web_seeds.target(found, server.url + seed_path)
        assert largest.size == LARGEST
        path = unquote_to_bytes(largest.url.removeprefix(server.url))
        assert _asked_for_the_largest(server) == {path}


def _asked_for_the_largest(server):
    paths = {unquote_to_bytes(path) for _, path in server.asked}
    return {path for path in paths if not path.endswith((b"/a", "/第二".encode()))}


CLIENT = """
import sys, time, libtorrent as lt
client = lt.session({"listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False,
                     "enable_upnp": False, "enable_natpmp": False,
                     "urlseed_wait_retry": 1})
def begin(number, line):
    body, seed = line.split()
    params = lt.load_torrent_buffer(bytes.fromhex(body))
    params.url_seeds, params.save_path = [seed], f"{sys.argv[1]}/{number}"
    return client.add_torrent(params)
lines = list(sys.stdin)
for _ in range(60):
    # Whoever sent a wrong piece is asked no more: if that was one of the small file, the large one's turn never comes.
    begun = [begin(*each) for each in enumerate(lines)]
    time.sleep(5)
    for torrent in begun:
        client.remove_torrent(torrent)
"""


@contextmanager
def _client(save_path, wanted):
    """In a process of its own: a session that ends stops this one's threads, and waits for them
    to answer."""
    program = [sys.executable, "-c", CLIENT, str(save_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, text=True) as client:
        present(client.stdin).write("".join(f"{body} {seed}\n" for body, seed in wanted))
        present(client.stdin).close()
        try:
            yield
        finally:
            client.kill()


def _until(is_so, patience_s=300):
    ends_at = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < ends_at, "it did not come"
        time.sleep(0.01)


# -- many


def test_many_are_asked_at_once_but_two_at_a_time_of_one_host(serve):
    busy: dict[str, int] = {}
    most = dict[str, int]()
    lock = threading.Lock()

    def slow(handler):
        """Counted until it answers: whoever has the answer may ask again at once."""
        host = handler.server.server_address[0]
        with lock:
            busy[host] = busy.get(host, 0) + 1
            most[host] = max(most.get(host, 0), busy[host])
        time.sleep(0.05)
        with lock:
            busy[host] -= 1
        honest(handler)

    servers = [serve(slow, host=f"127.0.0.{n}") for n in (1, 2, 3)]
    wanted = [(str(n), metadata(), [f"{servers[n % 3].url}/work.iso"]) for n in range(30)]

    started = time.monotonic()
    found = dict(web_seeds.check(wanted, 5))

    assert {key: outcome.is_alive for key, outcome in found.items()} == {
        str(n): True for n in range(30)
    }
    assert most == {"127.0.0.1": 2, "127.0.0.2": 2, "127.0.0.3": 2}
    assert time.monotonic() - started < 3  # one after another: 30 * 2 * 0.05 s


def test_the_first_seed_that_is_alive_is_enough(serve):
    dead, alive, other = serve(not_there), serve(host="127.0.0.2"), serve(host="127.0.0.3")

    outcome = check([f"{server.url}/work.iso" for server in (dead, alive, other)])

    assert outcome == WebSeedCheck(f"{alive.url}/work.iso", is_alive=True)
    assert other.asked == []


def test_at_most_three_seeds_of_a_torrent_are_asked(serve):
    dead, alive = serve(not_there), serve()

    outcome = check([*(f"{dead.url}/{n}" for n in range(3)), f"{alive.url}/work.iso"])

    assert outcome == WebSeedCheck(f"{dead.url}/2", False, "The server answered 404.")
    assert alive.asked == []


def test_a_host_that_fails_again_and_again_is_left_alone(serve):
    down, up = serve(broken), serve(host="127.0.0.2")
    wanted = [(str(n), metadata(), [f"{s.url}/work.iso" for s in (down, up)]) for n in range(20)]

    found = list(web_seeds.check(wanted, 5))

    assert [outcome.is_alive for _, outcome in found] == [True] * 20
    assert len(down.asked) <= web_seeds.MAX_FAILURES + 1  # two are asked at once


def test_a_host_that_lacks_some_files_is_asked_on(serve):
    server = serve()
    paths = ["gone"] * 5 + ["work.iso"]
    wanted = [(str(n), metadata(), [f"{server.url}/{path}"]) for n, path in enumerate(paths)]

    found = dict(web_seeds.check(wanted, 5))

    assert [found[str(n)].is_alive for n in range(6)] == [False] * 5 + [True]


def test_a_torrent_without_web_seeds_is_no_check():
    assert list(web_seeds.check([("key", metadata(), [])], 5)) == []


def test_what_nobody_foresaw_brings_the_torrent_back_too(monkeypatch, caplog):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(web_seeds, "require_alive", fail)

    outcome = check(["http://127.0.0.1:1/"])

    assert outcome.reason == "It can't be checked: internal error."
    assert "ZeroDivisionError" in caplog.text


def test_who_polls_never_waits_for_a_slow_server(serve):
    server = serve(silent)
    checks = web_seeds.Checks(timeout_s=5)

    started = time.monotonic()
    checks.add("key", metadata(), [f"{server.url}/work.iso"])
    found = checks.step(0)
    waited_s = time.monotonic() - started

    assert (found, len(checks)) == ([], 1)
    assert waited_s < 0.1
    checks.abandon()
    checks.add("late", metadata(), [f"{server.url}/work.iso"])
    assert (checks.step(5), len(checks)) == ([], 0)


def test_no_thread_is_left_when_all_is_done(serve):
    server = serve()

    check([f"{server.url}/work.iso"])

    _until(lambda: not [t for t in threading.enumerate() if t.name == "web-seeds"])


def test_a_forked_process_begins_with_nothing_and_works(serve):
    here = serve(silent)
    there = serve(host="127.0.0.2")
    checks = web_seeds.Checks(timeout_s=5)
    checks.add("parent", metadata(), [f"{here.url}/work.iso"])

    pid = os.fork()
    if not pid:
        try:
            is_empty = not len(checks)
            checks.add("child", metadata(), [f"{there.url}/work.iso"])
            found = checks.step(5)
            is_right = is_empty and [(k, c.is_alive) for k, c in found] == [("child", True)]
            os._exit(0 if is_right else 1)
        finally:
            os._exit(2)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert [key for key, _ in checks.step(5)] == ["parent"]


def test_the_process_ends_though_a_server_is_slow(serve):
    server = serve(silent)
    program = f"""
import django; django.setup()
from django.conf import settings
settings.GHOST = settings.GHOST.model_copy(update=dict(allow_private_networks=True))
from dht.engine import web_seeds
from tests import make
checks = web_seeds.Checks(timeout_s=60)
checks.add("key", make.torrent_metadata("ab" * 20), ["{server.url}/"])
print("ended")
"""
    server.manner = lambda handler: time.sleep(5)

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=20,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ended\n", "")


def test_the_two_families_of_errors_tell_a_wrong_seed_from_a_silent_one(serve):
    with pytest.raises(RefusedError):
        web_seeds.require_alive(web_seeds.target(metadata(), serve(not_there).url), 5)
    with pytest.raises(OutageError):
        web_seeds.require_alive(web_seeds.target(metadata(), serve(broken).url), 5)
