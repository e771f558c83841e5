"""The web server is reloaded and restarted while requests go on, its socket held by others, as systemd holds it
(deploy/systemd/ghost-web.socket)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from ghost.core.config.env import BASE_DIR
from ghost.demo.__main__ import procfile
from tests.installation import Installation, wait_for

HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""What systemd does (sd_listen_fds(3)): the socket is file 3, for the process of this number."""


class HeldSocket:
    """The web server of an installation behind a socket that outlives it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.socket = socket.create_server(("127.0.0.1", installation.port), backlog=2048)

    def start(self) -> None:
        file = self.socket.fileno()
        with (self.installation.folder / "web.log").open("ab") as log:
            self.installation.programs["web"] = subprocess.Popen(
                [sys.executable, "-c", HAND_OVER, str(file), *procfile()["web"].split()],
                cwd=BASE_DIR, env=self.installation.env, pass_fds=(file,), start_new_session=True,
                stdout=log, stderr=log,
            )  # fmt: skip

    def first_process(self) -> int:
        return self.installation.programs["web"].pid

    def workers(self) -> set[str]:
        pid = self.first_process()
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


class Visitors:
    """Each asks again as soon as it has an answer, by a connection of its own, as nginx does."""

    def __init__(self, url: str, count: int = 2) -> None:
        self.url, self._is_over = url, threading.Event()
        self.answers: list[object] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._is_over.wait(0.05):  # not busier than the test needs
            try:
                answer: object = requests.get(self.url, timeout=120).status_code
            except requests.RequestException as error:
                answer = repr(error)
            self.answers.append(answer)

    def wait_for_more(self, count: int = 8) -> None:
        wanted = len(self.answers) + count
        wait_for("answers", lambda: len(self.answers) >= wanted)


@pytest.fixture
def held(tmp_path):
    with Installation(tmp_path / "held") as installation:
        installation.env["GUNICORN_CMD_ARGS"] = "--workers 1"
        held = HeldSocket(installation)
        yield held
    held.socket.close()


def test_no_request_fails_during_a_reload_and_a_restart(held):
    held.start()
    with Visitors(f"{held.installation.url}/health") as visitors:
        visitors.wait_for_more()

        before = held.workers()
        os.kill(held.first_process(), signal.SIGHUP)
        wait_for("other processes", lambda: held.workers() and not held.workers() & before)
        visitors.wait_for_more()

        held.installation.stop("web")
        held.start()
        visitors.wait_for_more()

    assert len(visitors.answers) >= 24
    assert set(visitors.answers) == {200}
