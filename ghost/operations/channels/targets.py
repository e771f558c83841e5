"""Who is told, by which way: what the configuration names, and the operators' addresses.

A target has a name that is no secret, by which the database knows it; its address is looked up when
something is sent. What the configuration names no longer gets nothing any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils.translation import gettext_lazy as _

from ghost.core.circuits import Kind
from ghost.core.config.groups.operations.alerts import NOBODY
from ghost.core.io import mail
from ghost.core.text.unicode import one_line
from ghost.operations.channels import apprise_addresses, bounded_sending, webhooks
from ghost.operations.channels.message import Message

OPERATORS = "Operator"
"""The group whose members are told, besides superusers."""
OPERATOR = "operator:"
"""Begins the name of a target that is somebody who signs in here."""


class Channel(models.TextChoices):
    """The ways."""

    MAIL = "mail", _("mail")
    WEBHOOK = "webhook", _("webhook")
    APPRISE = "apprise", _("apprise")


@dataclass(frozen=True)
class Target:
    """One of those who are told."""

    channel: Channel
    name: str
    address: str
    """Of a webhook or apprise it is a secret."""

    @property
    def circuit(self) -> tuple[Kind, str]:
        """What is left alone when it fails: of mail the server, for all who are told by it."""
        if self.channel == Channel.MAIL:
            return Kind.MAIL, mail_server()
        return Kind.WEBHOOK, self.name

    def send(self, message: Message) -> None:
        """Bring it there now, within some seconds. OutageError if that fails, RefusedError if it can't work."""
        SENDERS[self.channel](self.address, message)


def _mail(address: str, message: Message) -> None:
    subject = one_line(message.subject)  # a header; what it names may have any name
    bounded_sending.send(
        mail_server(),
        lambda: mail.send(address, subject, message.text, html=message.html, name=message.key),
    )


SENDERS: dict[Channel, Callable[[str, Message], None]] = {
    Channel.MAIL: _mail,
    Channel.WEBHOOK: webhooks.send,
    Channel.APPRISE: apprise_addresses.send,
}


def everybody() -> list[Target]:
    """All who are told of alerts."""
    return [*readers(), *from_configuration()]


def from_configuration() -> list[Target]:
    """The webhooks, and what apprise knows."""
    return [*_named(Channel.WEBHOOK), *_named(Channel.APPRISE)]


def mail_server() -> str:
    """The name of the server that takes mail."""
    return urlsplit(settings.GHOST.email_url).hostname or "mail"


def readers() -> list[Target]:
    """Those who are told by mail: nobody where mail is not set up."""
    if not mail.is_set_up():
        return []
    named = settings.GHOST.alert_recipients
    if named:
        return [Target(Channel.MAIL, each, each) for each in named if each != NOBODY]
    return [Target(Channel.MAIL, f"{OPERATOR}{name}", email) for name, email in _operators()]


def without_database() -> list[Target]:
    """Those whom the configuration alone names."""
    is_named = mail.is_set_up() and settings.GHOST.alert_recipients
    return [*(readers() if is_named else []), *from_configuration()]


def find(channel: str, name: str) -> Target | None:
    """The target of this name, as it is today; None if it is none any more."""
    known = readers() if channel == Channel.MAIL else _named(Channel(channel))
    return next((target for target in known if target.name == name), None)


def _operators() -> list[tuple[str, str]]:
    may = models.Q(is_superuser=True) | models.Q(groups__name=OPERATORS)
    staff = User.objects.filter(may, is_active=True, is_staff=True).exclude(email="")
    return list(staff.order_by("pk").values_list("username", "email").distinct())


def _named(channel: Channel) -> list[Target]:
    env = settings.GHOST
    given = env.webhook_addresses if channel == Channel.WEBHOOK else env.apprise_addresses
    return [Target(channel, _name(channel, address), address) for address in given]


def _name(channel: Channel, address: str) -> str:
    """The host or the scheme, and what tells it from another one with the same."""
    digest = hashlib.sha256(address.encode()).hexdigest()[:6]
    parts = urlsplit(address)
    shown = parts.hostname if channel == Channel.WEBHOOK else parts.scheme
    return f"{(shown or '?')[:200]}#{digest}"
