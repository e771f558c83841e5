"""How the admin and the API are served."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config.values import Address, CommaList, Group, Network, Networks


class WebServer(Group):
    """Where the web server listens, and how it is reached."""

    heading = _("Web server")

    host: str = Field(
        "127.0.0.1", validation_alias="HOST", description="Address of the web server."
    )
    port: int = Field(
        8000, ge=1, le=65535, validation_alias="PORT", description="Port of the web server."
    )
    allowed_hosts: CommaList = Field(
        ("localhost", "127.0.0.1", "[::1]"),
        description="Names under which the admin and the API may be reached, separated by commas.",
    )
    csrf_trusted_origins: CommaList = Field(
        (), description="Origins such as https://admin.example.org, when a proxy ends TLS."
    )
    admin_url: Address = Field(
        "",
        description="Where the admin is reached, such as https://admin.example.org: links that are written"
        " down or sent by mail begin with it. Empty: the first of GHOST_CSRF_TRUSTED_ORIGINS, else of"
        " GHOST_ALLOWED_HOSTS.",
    )
    behind_tls: bool = Field(
        False,
        description="1 when all traffic comes over TLS: secure cookies, HSTS, nothing over plain HTTP.",
    )
    hsts_include_subdomains: bool = Field(
        False,
        description="1 when every name below this one has TLS too: browsers then use nothing else there."
        " Only with GHOST_BEHIND_TLS=1.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Addresses and networks of your own proxies, separated by commas: the caller is the"
        " rightmost hop of X-Forwarded-For that is none of them, and X-Forwarded-Proto is theirs. Empty: these"
        " headers are not read.",
    )
    debug: bool = Field(False, description="Django's debug pages. Never in production.")
    request_timeout_s: float = Field(
        20,
        gt=0,
        le=600,
        description="Seconds that a request may take to arrive, or its answer to be taken, besides one for"
        " each 10 kB.",
    )

    @property
    def admin_address(self) -> str:
        """Where the admin is reached, without a path: by configuration, never by what a request says."""
        origins = [origin for origin in self.csrf_trusted_origins if "*" not in origin]
        return self.admin_url or next(iter(origins), "") or self._own_address()

    def _own_address(self) -> str:
        named = (host for host in self.allowed_hosts if not host.startswith((".", "*")))
        host = next(named, "localhost")
        return f"https://{host}" if self.behind_tls else f"http://{host}:{self.port}"

    @field_validator("allowed_hosts")
    @classmethod
    def _is_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if "/" in host:
                raise ValueError(f"{host!r} is not a host name; leave away the scheme and the path")
        return value

    @field_validator("admin_url")
    @classmethod
    def _is_admin_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[\w.:\[\]-]+/?", value):
            raise ValueError("must be an address without a path, such as https://admin.example.org")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _is_not_everybody(cls, value: tuple[Network, ...]) -> tuple[Network, ...]:
        for network in value:
            if not network.prefixlen:
                raise ValueError(
                    f"{network} is everybody: any caller could name any address as his"
                )
        return value

    @field_validator("csrf_trusted_origins")
    @classmethod
    def _is_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ValueError(f"{origin!r} is not an origin such as https://admin.example.org")
        return value
