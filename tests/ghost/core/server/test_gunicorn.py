"""What the guard leans on in gunicorn. If a test fails here after an update: see below what it asks."""

from __future__ import annotations

import hashlib
import inspect

import gunicorn
import pytest
from gunicorn.config import Config
from gunicorn.http import parser, unreader, wsgi
from gunicorn.workers import gthread

from ghost.core.server.worker import GuardedWorker, can_guard

ASKED = """gunicorn {version} changed {name}. Read what changed, compare it with ghost/core/server/worker.py and
client_socket.py (what is overridden, which methods of a socket are called, who closes it), run
tests/ghost/core/server and bench/bench_web.py, then write the new digest here and the version into pyproject.toml:
    {digest}"""

DIGESTS = {
    gthread.ThreadWorker.__init__: "5681b8b542ea91bf",
    gthread.ThreadWorker.init_process: "e4fc63a1a68e4f48",
    gthread.ThreadWorker.accept: "f8dcead3dce5c851",
    gthread.ThreadWorker.enqueue_req: "c9f428953d24acef",
    gthread.ThreadWorker.finish_request: "616e7bb15a009ff7",
    gthread.ThreadWorker.handle: "ca85c9be3df75da4",
    gthread.ThreadWorker._keepalive_after: "4ebdbbc8bf5aafa5",
    gthread.ThreadWorker.handle_request: "6d0de5b919102efc",
    gthread.ThreadWorker.murder_pending: "7bf11f46454296e1",
    gthread.ThreadWorker.run: "f92c7394d85715a4",
    gthread.ThreadWorker.wait_for_and_dispatch_events: "ea969b352482bd5c",
    gthread.TConn: "e3a2878ba952710a",
    parser.Parser: "3a9c06e348c7e3b5",
    unreader.Unreader: "84aaa8f91fcdbbae",
    unreader.SocketUnreader: "786a257be09ea8dd",
    wsgi.create: "2c35d4a2dc629ede",
    wsgi.Response.sendfile: "417ea65fb9a19f5b",
    gunicorn.util.write: "cd995031295fd782",
    gunicorn.util.write_nonblock: "d2ff97701c36645e",
    gunicorn.util.close_graceful: "0e5925bfc017bc4e",
}


@pytest.mark.parametrize("leant_on", DIGESTS, ids=lambda each: each.__qualname__)
def test_what_the_guard_leans_on_is_as_it_was(leant_on):
    digest = hashlib.sha256(inspect.getsource(leant_on).encode()).hexdigest()[:16]

    name, version = f"{leant_on.__module__}.{leant_on.__qualname__}", gunicorn.__version__
    assert digest == DIGESTS[leant_on], ASKED.format(version=version, name=name, digest=digest)


def test_all_that_is_overridden_is_watched():
    ours = [name for name, value in vars(GuardedWorker).items() if inspect.isfunction(value)]
    theirs = {name for name in ours if hasattr(gthread.ThreadWorker, name)}

    watched = {each.__name__ for each in DIGESTS if "ThreadWorker" in each.__qualname__}
    assert theirs <= watched


@pytest.mark.parametrize(
    ("option", "value", "is_guarded"),
    [
        ("workers", 1, True),
        ("certfile", "some.pem", False),
        ("proxy_protocol", "auto", False),
        ("protocol", "uwsgi", False),
        ("http2_cleartext", "both", False),
    ],
)
def test_what_is_no_plain_http_is_left_to_gunicorn(option, value, is_guarded):
    cfg = Config()
    cfg.set(option, value)

    assert can_guard(cfg) is is_guarded
