"""What allauth asks of the program that it is part of."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from ghost.core.http.client_address import client_address

UNKNOWN = "0.0.0.0"  # noqa: S104  # nothing listens on it
"""Where nobody knows from where somebody comes: a Unix socket, a test."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """People are made by people, and known by the address that all of Ghost knows them by."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As `ghost.core.http.client_address` has it."""
        return client_address(request) or UNKNOWN


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What is particular to Ghost's second factors."""
