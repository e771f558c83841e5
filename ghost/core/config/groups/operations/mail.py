"""The server that sends mail, and in whose name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from pydantic import Field, ValidationInfo, field_validator

from ghost.core.config import mail_server
from ghost.core.config.values import Address, Group


class Mail(Group):
    """How operators are written to: links to reset a password."""

    heading = _("Mail")

    email_url: Address = Field(
        "",
        description="The server that sends mail: smtps://user:password@host:465, smtp+tls:// (STARTTLS,"
        " port 587) or smtp:// (not encrypted); console: and file:///folder write it down, for"
        " development. Empty: no mail is sent, and nobody can reset a password by mail. It may lie in a"
        " private network, whatever GHOST_ALLOW_PRIVATE_NETWORKS says. Its password is never shown.",
    )
    email_from: str = Field(
        "",
        max_length=320,
        validate_default=True,
        description="Sender of mails, such as Ghost <ghost@example.org>; needed with GHOST_EMAIL_URL.",
    )

    @field_validator("email_url")
    @classmethod
    def _is_mail_server(cls, value: str) -> str:
        if value:
            mail_server.parse(value)
        return value

    @field_validator("email_from")
    @classmethod
    def _is_sender(cls, value: str, info: ValidationInfo) -> str:
        if value:
            mail_server.require_sender(value)
        elif info.data.get("email_url"):
            raise ValueError("is needed with GHOST_EMAIL_URL, such as Ghost <ghost@example.org>")
        return value
