"""The one entry point to mail: `send` hands a message to the server of GHOST_EMAIL_URL.

It may take as long as the server is slow, so requests leave it to a worker. The server is the
operator's own, like the database: GHOST_ALLOW_PRIVATE_NETWORKS, which guards what strangers name,
says nothing about it.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import make_msgid, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import failures


def is_set_up() -> bool:
    """Whether there is a server that sends mail."""
    return bool(settings.GHOST.email_url)


def send(to: str, subject: str, body: str, *, html: str = "", name: str = "") -> None:
    """Send this to one address, or say why not.

    `html` is the same for readers of HTML. `name` is the message's own: one that is sent a second time
    with the same is known by it (Message-ID, RFC 5322).

    OutageError if the server can't be reached, can't prove who it is, or takes no message now;
    RefusedError if none is set up.
    """
    if not is_set_up():
        raise RefusedError(failures.NO_MAIL())
    domain = parseaddr(settings.GHOST.email_from)[1].rpartition("@")[2]
    headers = {
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers it
        # Django's names this machine
        "Message-ID": f"<{name}@{domain}>" if name else make_msgid(domain=domain),
    }
    message = EmailMultiAlternatives(
        subject, body, settings.GHOST.email_from, [to], headers=headers
    )
    if html:
        message.attach_alternative(html, "text/html")
    with _as_outages(), _connection() as connection:
        connection.send_messages([message])


def try_server() -> None:
    """Connect and sign in, without a message; OutageError if that fails."""
    with _as_outages(), _connection() as connection:
        connection.open()


@contextmanager
def _connection() -> Iterator[BaseEmailBackend]:
    """Closed whatever happens: Django leaves one open that found no encryption."""
    connection = get_connection()
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _as_outages() -> Iterator[None]:
    """What goes wrong becomes an OutageError that says why, without the address of whom the message is for."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        (code, words), *_more = error.recipients.values()
        raise OutageError(
            failures.NO_MAIL_SENT(name=_host(), reason=_answer(code, words))
        ) from error
    except smtplib.SMTPResponseException as error:
        told = _answer(error.smtp_code, error.smtp_error)
        raise OutageError(failures.NO_MAIL_SENT(name=_host(), reason=told)) from error
    except ssl.SSLCertVerificationError as error:
        told = error.verify_message
        raise OutageError(failures.NO_MAIL_SENT(name=_host(), reason=told)) from error
    except (OSError, smtplib.SMTPException) as error:
        told = str(error) or type(error).__name__
        raise OutageError(failures.NO_MAIL_SENT(name=_host(), reason=told)) from error


def _host() -> str:
    return urlsplit(settings.GHOST.email_url).hostname or settings.GHOST.email_url


def _answer(code: int, words: bytes | str) -> str:
    told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {told}"[:300]
