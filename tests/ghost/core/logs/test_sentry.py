"""What reaches a server of Sentry's kind: a real one on loopback, told by real processes."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.apps import apps
from pydantic import SecretStr
from sentry_sdk.integrations.django import DjangoIntegration

from ghost.core.config.env import BASE_DIR
from ghost.core.config.version import VERSION

SECRET = "ghost_zq3456" + "zqSecret1" * 5
PROGRAM = """
import io, logging, sys, django
django.setup()
import django_q, django.test
from django.core.handlers.wsgi import WSGIHandler
from ghost.core.logs import context
import ghost.urls
from django.urls import path

def broken(request, number):
    zqlocal = "zqlocalvalue"
    raise ValueError("no such thing for zoe@example.org at 203.0.113.7, 2001:db8::1: {secret}")

broken.csrf_exempt = True
ghost.urls.urlpatterns.insert(0, path("broken/<int:number>", broken))
environ = django.test.RequestFactory()._base_environ(
    PATH_INFO="/broken/7", QUERY_STRING="apikey=zqquery", REQUEST_METHOD="POST", REMOTE_ADDR="203.0.113.9",
    HTTP_X_REQUEST_ID="story-12345", HTTP_COOKIE="other=zqcookie123", HTTP_AUTHORIZATION="Bearer zqbearer12",
    HTTP_USER_AGENT="zqagent", CONTENT_LENGTH="15", CONTENT_TYPE="application/x-www-form-urlencoded",
)
environ["wsgi.input"] = io.BytesIO(b"password=zqbody")
answer = WSGIHandler()(environ, lambda *_: None)
list(answer)
answer.close()
context.begin_task("a1b2", "story-12345")
from ghost.core.jobs import task_lines
task_lines.end(broken, {{"func": broken, "success": False, "result": "no : Traceback at {secret}"}})
logging.getLogger("ghost").warning("not told")
print("loaded" if "sentry_sdk" in sys.modules else "not loaded")
"""


class Server(http.server.ThreadingHTTPServer):
    """Keeps what it was sent: path, key, envelope."""

    taken: list[tuple[str, str, str]]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes envelopes: https://develop.sentry.dev/sdk/foundations/transport/envelopes/"""

    server: Server

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.taken.append((self.path, self.headers["X-Sentry-Auth"], body.decode()))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Server(("127.0.0.1", 0), Receiver)
    server.taken = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    yield server
    server.shutdown()
    server.server_close()


def run(receiver, tmp_path, **variables: str) -> str:
    names = ("DB_PATH", "SECRETS_DIR", "SITE_WORKDIR", "COVER_DIR", "BACKUP_DIR", "MAGNET_TMP_DIR")
    own = {f"GHOST_{name}": str(tmp_path / name.lower()) for name in names}
    env = {k: v for k, v in os.environ.items() if not k.startswith("GHOST_")} | {
        "DJANGO_SETTINGS_MODULE": "ghost.settings",
        "GHOST_ENV_FILE": os.devnull,
        "GHOST_ALLOWED_HOSTS": "testserver",
        "GHOST_SENTRY_DSN": f"http://zqpublickey@127.0.0.1:{receiver.server_port}/42",
        **own,
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(secret=SECRET)],
        cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def items(receiver, kind: str) -> list[dict]:
    """The payloads of this type in all envelopes."""
    found = []
    for _path, _auth, text in receiver.taken:
        parts = [json.loads(line) for line in text.splitlines() if line]
        found += [b for a, b in zip(parts[1::2], parts[2::2], strict=True) if a["type"] == kind]
    return found


def test_errors_are_told_with_what_mends_them_and_nothing_else(receiver, tmp_path):
    told = run(
        receiver, tmp_path, GHOST_SENTRY_ENABLED="1", GHOST_SENTRY_ENVIRONMENT="staging",
        GHOST_SENTRY_RELEASE="ghost@7", GHOST_SENTRY_TRACES_SAMPLE_RATE="1",
    )  # fmt: skip

    assert told == "loaded"
    web, task = sorted(items(receiver, "event"), key=lambda each: each["timestamp"])
    error = web["exception"]["values"][-1]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "broken"
    assert error["value"] == "no such thing for … at …, … ghost_zq3456…"
    assert web["tags"] == {"request_id": "story-12345"}
    assert task["tags"] == {"request_id": "story-12345", "task_id": "a1b2"}
    assert task["logentry"]["formatted"] == "broken failed: no"
    assert task["extra"]["outcome"] == "failed"
    assert {(e["environment"], e["release"]) for e in (web, task)} == {("staging", "ghost@7")}
    assert [each["transaction"] for each in items(receiver, "transaction")] == ["/broken/{number}"]
    heads = [json.loads(body.partition("\n")[0]) for _path, _auth, body in receiver.taken]
    assert {each["trace"]["public_key"] for each in heads} == {"zqpublickey"}
    sent = "\n".join(body for _path, _auth, body in receiver.taken)
    wrong = ("zqSecret", "zqlocalvalue", "zqcookie", "zqbearer", "zqquery", "zqbody", "zqagent",
             "203.0.113", "2001:db8", "zoe@", str(tmp_path), str(BASE_DIR), os.uname().nodename)  # fmt: skip
    assert [each for each in wrong if each in sent] == []


def test_without_the_switch_its_library_is_not_even_loaded(monkeypatch, configure):
    monkeypatch.setitem(sys.modules, "ghost.core.logs.sentry", None)
    app = apps.get_app_config("ghost")

    app.ready()

    configure(sentry_enabled=True)
    with pytest.raises(ImportError):
        app.ready()


def test_shares_and_release_are_the_operators_or_ghosts_own(monkeypatch, configure):
    from ghost.core.logs import sentry

    given: dict[str, Any] = {}
    monkeypatch.setattr("sentry_sdk.init", given.update)
    values = {"sentry_dsn": SecretStr("http://key@127.0.0.1/1"), "sentry_sample_rate": 0.25}

    sentry.start(configure(**values))

    assert (given["sample_rate"], given["traces_sample_rate"]) == (0.25, None)
    assert given["release"] == f"ghost@{VERSION}"
    assert not any(isinstance(each, DjangoIntegration) for each in given["integrations"])
