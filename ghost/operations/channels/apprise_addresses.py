"""The one entry point to apprise, which knows some 150 services by address (GHOST_ALERT_URLS).

It has its own HTTP, with time-outs by socket alone. So it runs in a thread that is left after PATIENCE_S, and
no second one begins for an address while that hangs.
"""

from __future__ import annotations

import logging
import threading

from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.operations.channels import reasons
from ghost.operations.channels.message import Message

PATIENCE_S = 30.0
_hanging: dict[str, threading.Thread] = {}


def send(address: str, message: Message) -> None:
    """Have apprise bring it there; RefusedError for an address that it does not know, else OutageError."""
    if (thread := _hanging.get(address)) and thread.is_alive():
        raise OutageError(reasons.APPRISE_HANGS())
    outcome: list[GhostError | None] = []
    thread = threading.Thread(
        target=lambda: outcome.append(_outcome(address, message)), name="apprise", daemon=True
    )
    thread.start()
    thread.join(PATIENCE_S)
    if thread.is_alive():
        _hanging[address] = thread
        raise OutageError(reasons.APPRISE_SLOW(seconds=PATIENCE_S))
    _hanging.pop(address, None)
    if outcome[0]:
        raise outcome[0]


def _outcome(address: str, message: Message) -> GhostError | None:
    try:
        return None if _notify(address, message) else OutageError(reasons.APPRISE_FAILED())
    except GhostError as error:
        return error
    except Exception as error:  # noqa: BLE001  # whatever one of 150 plug-ins raises
        return OutageError(reasons.APPRISE_RAISED(error=type(error).__name__))


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
