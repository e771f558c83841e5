"""What is handed to the mail server, and what is told if it isn't taken."""

from __future__ import annotations

import pytest
from django.test import override_settings

from ghost.core.config import mail_server
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import mail
from tests.mail_server import make_certificate, running

SENDER = "Ghost <ghost@example.org>"


@pytest.fixture
def using(configure):
    """`using(address)`: the settings of this mail server, as at a start."""
    changed = []

    def use(address: str) -> None:
        configure(email_url=address, email_from=SENDER)
        changed.append(override_settings(**mail_server.settings(address, SENDER)))
        changed[-1].enable()

    yield use
    for each in changed:
        each.disable()


def test_a_mail_names_its_sender_and_says_that_a_program_wrote_it(using):
    with running() as server:
        using(f"smtp://127.0.0.1:{server.port}")

        mail.send("ada@example.org", "Grüße", "Zeile\n")

    [message] = server.messages
    assert (message["From"], message["To"]) == (SENDER, "ada@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.org>")
    assert message.get_payload(decode=True) == b"Zeile"


@pytest.mark.parametrize(("scheme", "is_tls_from_start"), [("smtps", True), ("smtp+tls", False)])
def test_a_server_has_to_prove_who_it_is(using, monkeypatch, tmp_path, scheme, is_tls_from_start):
    certificate = make_certificate(tmp_path / "mail.pem")
    with running(certificate, is_tls_from_start=is_tls_from_start) as server:
        using(f"{scheme}://ada:s3cret@127.0.0.1:{server.port}")
        with pytest.raises(OutageError, match="certificate") as caught:
            mail.send("ada@example.org", "Hello", "there")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        mail.send("ada@example.org", "Hello", "there")

    assert "s3cret" not in str(caught.value)
    assert len(server.messages) == 1
    assert [line.split()[0] for line in server.said].count("AUTH") == 1


def test_nothing_is_sent_unencrypted_where_encryption_was_asked_for(using):
    with running() as server:
        using(f"smtp+tls://127.0.0.1:{server.port}")

        with pytest.raises(OutageError, match="STARTTLS"):
            mail.send("ada@example.org", "Hello", "there")

    assert server.messages == []


def test_what_the_server_refuses_is_told_without_the_address(using):
    with running() as server:
        server.refusal = "550 no such person"
        using(f"smtp://127.0.0.1:{server.port}")

        with pytest.raises(
            OutageError, match=r"^127\.0\.0\.1 sends no mail: 550 no such person"
        ) as caught:
            mail.send("ada@example.org", "Hello", "there")

    assert "ada@" not in str(caught.value)


def test_a_server_that_is_away_is_an_outage(using):
    using("smtp://127.0.0.1:1")

    for attempt in (mail.try_server, lambda: mail.send("ada@example.org", "Hello", "there")):
        with pytest.raises(OutageError, match="sends no mail"):
            attempt()


def test_without_a_server_it_says_so():
    assert not mail.is_set_up()
    with pytest.raises(RefusedError, match="GHOST_EMAIL_URL"):
        mail.send("ada@example.org", "Hello", "there")


@pytest.mark.parametrize(
    ("to", "subject"),
    [("ada@example.org\nBcc: eve@example.org", "x"), ("a@b.example", "x\r\nBcc: e@b.example")],
)
def test_a_line_break_adds_no_header(using, to, subject):
    with running() as server:
        using(f"smtp://127.0.0.1:{server.port}")

        with pytest.raises(ValueError, match=r"newlines|Invalid address"):
            mail.send(to, subject, "y")

    assert server.messages == []


def test_a_mail_may_be_for_readers_of_html_too_and_have_a_name_of_its_own(using):
    with running() as server:
        using(f"smtp://127.0.0.1:{server.port}")

        mail.send("ada@example.org", "Hello", "text", html="<p>marked up</p>", name="delivery-7")

    [message] = server.messages
    assert message["Message-ID"] == "<delivery-7@example.org>"
    assert [part.get_content_type() for part in message.walk()][1:] == [
        "text/plain",
        "text/html",
    ]
