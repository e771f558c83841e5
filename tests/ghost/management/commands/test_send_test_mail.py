"""manage.py send_test_mail."""

from __future__ import annotations

import io

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from ghost.core.config import mail_server


def send(address: str = "ada@example.org") -> str:
    out = io.StringIO()
    call_command("send_test_mail", address, stdout=out)
    return out.getvalue()


def test_a_mail_is_handed_over(configure):
    configure(email_url="smtp://mail.example", email_from="ghost@example.org")

    told = send()

    assert [message.to for message in mail.outbox] == [["ada@example.org"]]
    assert "ada@example.org" in told


def test_what_has_to_be_done_is_told(configure, settings):
    with pytest.raises(CommandError, match="Set it and GHOST_EMAIL_FROM"):
        send()
    address = "smtp://127.0.0.1:1"
    configure(email_url=address, email_from="ghost@example.org")
    for name, value in mail_server.settings(address, "ghost@example.org").items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match="Correct GHOST_EMAIL_URL, or mend that server"):
        send()
    with pytest.raises(CommandError, match="no mail address"):
        send("ada")
