"""Who is told when something needs a person, and by which ways."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from ghost.core.config.values import CommaList, Group

NOBODY = "none"
LEAST_SECRET_CHARS = 16
_BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)|\s+")
"""Addresses may have commas in them."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_WEB = re.compile(r"https?://[^/\s]+\S*", re.IGNORECASE)


class Alerts(Group):
    """Messages to operators: alerts, and the digest."""

    heading = _("Alerts and digest")

    alert_recipients: CommaList = Field(
        (),
        description="Mail addresses that alerts and the digest are sent to, separated by commas; none: to"
        " nobody. Empty: to every superuser and member of the group Operator who has an address.",
    )
    alert_webhooks: SecretStr | None = Field(
        None,
        description="Addresses (http or https) that alerts are posted to as JSON, separated by commas or spaces."
        " They are never shown, since many have a secret in them.",
    )
    alert_webhook_secret: SecretStr | None = Field(
        None,
        validate_default=True,
        description="What posts to GHOST_ALERT_WEBHOOKS are signed with (HMAC-SHA-256), 16 characters at least;"
        " needed with them.",
    )
    alert_urls: SecretStr | None = Field(
        None,
        description="Further ways to send alerts, as addresses of apprise (https://github.com/caronc/apprise), such"
        " as ntfy://topic or tgram://token/chat, separated by commas or spaces. They are never shown.",
    )
    deadman_url: SecretStr | None = Field(
        None,
        description="Address that is asked for once a minute while alerts are looked after: a service elsewhere"
        " (such as healthchecks) that misses it says that this host is gone. It is never shown.",
    )
    message_language: Literal["en", "zh-hans"] = Field(
        "en", description="Language of alerts and of the digest: en or zh-hans."
    )
    digest: Literal["off", "daily", "weekly"] = Field(
        "weekly",
        description="How often a mail says what was published, what is dying and what needs care: off, daily or"
        " weekly. An empty one is not sent.",
    )

    @property
    def webhook_addresses(self) -> list[str]:
        """Each address of GHOST_ALERT_WEBHOOKS."""
        return _split(self.alert_webhooks)

    @property
    def apprise_addresses(self) -> list[str]:
        """Each address of GHOST_ALERT_URLS."""
        return _split(self.alert_urls)

    @field_validator("alert_recipients")
    @classmethod
    def _is_mail(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value if value != (NOBODY,) else ():
            try:
                validate_email(address)
            except ValidationError:
                raise ValueError(f"{address!r} is no mail address") from None
        return value

    @field_validator("alert_webhooks", "deadman_url")
    @classmethod
    def _is_web(cls, value: SecretStr | None) -> SecretStr | None:
        return _require(value, _WEB, "must begin with http:// or https://")

    @field_validator("alert_urls")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        return _require(value, _ADDRESS, "must be addresses of apprise, such as ntfy://topic")

    @field_validator("alert_webhook_secret")
    @classmethod
    def _is_long(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        length = len(value.get_secret_value()) if value else 0
        if length < LEAST_SECRET_CHARS and (length or _split(info.data.get("alert_webhooks"))):
            raise ValueError(f"must have {LEAST_SECRET_CHARS} characters at least, at random")
        return value


def _split(value: SecretStr | None) -> list[str]:
    given = value.get_secret_value() if value else ""
    return [part for part in _BETWEEN.split(given.strip(", \t\r\n")) if part]


def _require(value: SecretStr | None, form: re.Pattern[str], told: str) -> SecretStr | None:
    if not all(form.fullmatch(part) and _has_parts(part) for part in _split(value)):
        raise ValueError(told)
    return value


def _has_parts(address: str) -> bool:
    """Whether Python can take it apart: half a bracket of IPv6, and it can't."""
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True
