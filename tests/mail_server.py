"""A mail server on loopback: what Ghost hands over to it, plainly or over TLS."""

from __future__ import annotations

import datetime
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class MailServer(socketserver.ThreadingTCPServer):
    """Takes every message; `refusal` is what it answers to each recipient instead."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, certificate: Path | None = None, *, is_tls_from_start: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.port: int = self.server_address[1]
        self.messages: list[Message] = []
        self.said: list[str] = []
        self.refusal = ""
        self.is_tls_from_start = is_tls_from_start
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self.tls and certificate:
            self.tls.load_cert_chain(certificate)

    def handle_error(self, request, client_address) -> None:
        """A client that trusts the certificate not goes: no traceback for that."""


class _Session(socketserver.BaseRequestHandler):
    server: MailServer

    def finish(self) -> None:
        self.request.close()

    def handle(self) -> None:
        if self.server.is_tls_from_start:
            self._encrypt()
        self._say("220 mail.test")
        lines = self._lines()
        for line in lines:
            self.server.said.append(line)
            if not self._answer(line.split(" ")[0].upper(), lines):
                break

    def _answer(self, verb: str, lines: Iterator[str]) -> bool:
        if verb == "EHLO":
            self._say("250-mail.test")
            self._say("250-AUTH PLAIN")
            self._say("250 STARTTLS" if self.server.tls else "250 HELP")
        elif verb == "STARTTLS":
            self._say("220 go on")
            self._encrypt()
        elif verb == "AUTH":
            self._say("235 welcome")
        elif verb == "RCPT" and self.server.refusal:
            self._say(self.server.refusal)
        elif verb == "DATA":
            self._say("354 go on")
            text = "\r\n".join(iter(lambda: next(lines), "."))
            self.server.messages.append(message_from_bytes(text.encode()))
            self._say("250 taken")
        elif verb == "QUIT":
            self._say("221 bye")
            return False
        else:
            self._say("250 ok")
        return True

    def _encrypt(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    def _lines(self) -> Iterator[str]:
        left = b""
        while chunk := self.request.recv(65536):
            *whole, left = (left + chunk).split(b"\r\n")
            yield from (line.decode() for line in whole)

    def _say(self, line: str) -> None:
        self.request.sendall(f"{line}\r\n".encode())


@contextmanager
def running(
    certificate: Path | None = None, *, is_tls_from_start: bool = False
) -> Iterator[MailServer]:
    """A server of its own, in a thread."""
    with MailServer(certificate, is_tls_from_start=is_tls_from_start) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def make_certificate(path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path
