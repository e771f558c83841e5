"""Real receivers on loopback, and the configuration that names them."""

from __future__ import annotations

import pytest
from django.test import override_settings
from pydantic import SecretStr

from ghost.core.config import mail_server
from ghost.operations.channels import deadman
from tests import webhook
from tests.mail_server import running

SENDER = "Ghost <ghost@example.org>"


@pytest.fixture
def receiver(configure):
    """A webhook that is configured; this process has asked for no sign of life yet."""
    deadman.forget()
    with webhook.receiving() as server:
        configure(
            alert_webhooks=SecretStr(f"{server.url}/hook/s3cret"),
            alert_webhook_secret=SecretStr(webhook.SECRET),
            allow_private_networks=True,
        )
        yield server


@pytest.fixture
def mails(configure):
    """A mail server that is configured, with Ada to be told."""
    with running() as server:
        address = f"smtp://127.0.0.1:{server.port}"
        configure(email_url=address, email_from=SENDER, alert_recipients=("ada@example.org",))
        with override_settings(**mail_server.settings(address, SENDER)):
            yield server
