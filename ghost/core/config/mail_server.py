"""How mail is sent: by a server at an address, or written down for who develops."""

from __future__ import annotations

import os
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ghost.core.io.ip_ranges import is_loopback

TIMEOUT_S = 10
"""Of each step of talking to the server: connecting, signing in, handing over."""
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""RFC 5321, RFC 6409 and RFC 8314."""

_BACKENDS = "django.core.mail.backends"
_FORM = (
    "must be smtps://user:password@host:465, smtp+tls://…, smtp://…, file:///folder or console:,"
    " special characters written as %XX"
)


def settings(address: str, sender: str) -> dict[str, Any]:
    """Django's settings of mail; nothing is sent if there is no address."""
    found = parse(address) if address else {"EMAIL_BACKEND": f"{_BACKENDS}.dummy.EmailBackend"}
    names = {"DEFAULT_FROM_EMAIL": sender, "SERVER_EMAIL": sender} if sender else {}
    return {**found, **names, "EMAIL_TIMEOUT": TIMEOUT_S}


def parse(address: str) -> dict[str, Any]:
    """Django's settings of this server; ValueError, which tells no password, if it is none.

    With TLS its certificate is verified, and without a certificate nothing is sent (`ssl`'s default
    context, in Django's backend).
    """
    if address == "console:":
        return {"EMAIL_BACKEND": f"{_BACKENDS}.console.EmailBackend"}
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError(_FORM) from None
    if parts.query or parts.fragment or not address.isprintable():
        raise ValueError(_FORM)
    if parts.scheme == "file" and not parts.netloc:
        return {
            "EMAIL_BACKEND": f"{_BACKENDS}.filebased.EmailBackend",
            "EMAIL_FILE_PATH": _folder(unquote(parts.path)),
        }
    return _smtp(parts, port)


def _smtp(parts: SplitResult, port: int | None) -> dict[str, Any]:
    is_named = parts.scheme in PORTS and parts.hostname and parts.path in ("", "/")
    if not is_named or port == 0 or bool(parts.username) != bool(parts.password):
        raise ValueError(_FORM)
    host = str(parts.hostname)
    if parts.scheme == "smtp" and parts.password and not is_loopback(host):
        raise ValueError("would send the password unencrypted: use smtp+tls:// or smtps://")
    return {
        "EMAIL_BACKEND": f"{_BACKENDS}.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def _folder(path: str) -> str:
    if not (Path(path).is_dir() and os.access(path, os.W_OK | os.X_OK)):
        raise ValueError("names no folder that can be written")
    return path


def require_sender(text: str) -> None:
    """ValueError if mail can't be sent in this name."""
    _name, address = parseaddr(text)
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError("must be an address such as Ghost <ghost@example.org>") from None
    if not text.isprintable():
        raise ValueError("must be one line of printable text")
