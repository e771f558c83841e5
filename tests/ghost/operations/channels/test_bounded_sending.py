"""A server that never lets go, and never comes to a time-out."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest

from ghost.core.config import mail_server
from ghost.core.errors import OutageError
from ghost.operations.channels import bounded_sending, targets
from ghost.operations.channels.message import Message
from ghost.operations.channels.targets import Channel, Target

MESSAGE = Message("Disk nearly full", "3 % free")


class _Dripping(socketserver.BaseRequestHandler):
    over = threading.Event()

    def handle(self) -> None:
        while not self.over.wait(0.02):
            self.request.sendall(b"2")


@pytest.fixture
def dripping() -> Iterator[int]:
    """The port of a mail server whose greeting comes byte by byte, and never to an end."""
    _Dripping.over.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dripping) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1]
        _Dripping.over.set()
        server.shutdown()
        thread.join()


def test_mail_is_given_up_in_its_time_and_no_second_one_hangs(
    dripping, configure, settings, monkeypatch
):
    address = f"smtp://127.0.0.1:{dripping}"
    configure(email_url=address, email_from="ghost@example.org")
    for name, value in mail_server.settings(address, "ghost@example.org").items():
        setattr(settings, name, value)
    monkeypatch.setattr(bounded_sending, "PATIENCE_S", 0.2)
    ada = Target(Channel.MAIL, "ada", "ada@example.org")

    for words in (r"within 0\.2 s", "still hangs"):
        with pytest.raises(OutageError, match=words):
            ada.send(MESSAGE)

    _Dripping.over.set()
    bounded_sending._hanging[targets.mail_server()].join(20)


def test_what_fails_in_time_is_told_as_it_is():
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bounded_sending.send("x", fail)
