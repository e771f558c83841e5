"""The one entry point to apprise, which knows some 150 services by address (GHOST_ALERT_URLS)."""

from __future__ import annotations

import logging

from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.operations.channels import bounded_sending, reasons
from ghost.operations.channels.message import Message


def send(address: str, message: Message) -> None:
    """Have apprise bring it there; RefusedError for an address that it does not know, else OutageError."""
    bounded_sending.send(address, lambda: _send(address, message))


def _send(address: str, message: Message) -> None:
    try:
        is_delivered = _notify(address, message)
    except GhostError:
        raise
    except Exception as error:  # whatever one of 150 plug-ins raises
        raise OutageError(reasons.APPRISE_RAISED(error=type(error).__name__)) from error
    if not is_delivered:
        raise OutageError(reasons.APPRISE_FAILED())


def _notify(address: str, message: Message) -> bool:
    import apprise  # noqa: PLC0415  # it is large, and loaded only where something is sent

    logging.getLogger("apprise").setLevel(logging.WARNING)  # below that it logs addresses
    asset = apprise.AppriseAsset(app_id="Ghost", async_mode=False, secure_logging=True)
    service = apprise.Apprise(asset=asset)
    if not service.add(address):
        raise RefusedError(reasons.APPRISE_UNKNOWN())
    return bool(
        service.notify(
            title=message.subject, body=message.text, body_format=apprise.NotifyFormat.TEXT
        )
    )
