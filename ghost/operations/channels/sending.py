"""Brings messages to their targets, in a thread beside what a process does: one at a time.

Any number of processes may do it: each delivery is claimed first. Who dies while sending leaves its claim to
expire, and the message is sent again under the same name.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from ghost.core import circuits
from ghost.core.db import clock
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import Reason
from ghost.operations.channels import reasons, targets
from ghost.operations.channels.beside import Beside
from ghost.operations.channels.models import Delivery
from ghost.operations.channels.targets import Target

AT_ONCE = 200
"""Deliveries that one round looks at."""
LEFT_ALONE = timedelta(minutes=1)

log = logging.getLogger(__name__)


class Sender:
    """The thread of this process that sends."""

    def __init__(self) -> None:
        self._thread = Beside("messages", send_due)

    def start(self) -> None:
        """Send what is due, unless it is at it."""
        if Delivery.objects.due(clock.now()).exists():
            self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Until it has sent what was due."""
        self._thread.wait(timeout_s)


def send_due() -> int:
    """Send what is due; how many were sent. What fails is not tried a second time in the same round,
    nor is anything else for the same target."""
    sent, failed = 0, set[tuple[str, str]]()
    for row in list(Delivery.objects.due(clock.now())[:AT_ONCE]):
        if (row.channel, row.target) in failed:
            continue
        delivery = Delivery.objects.claim(row.pk)
        if delivery is None:
            continue
        if deliver(delivery):
            failed.add((row.channel, row.target))
        else:
            sent += 1
    return sent


def deliver(delivery: Delivery) -> Reason:
    """Bring one to its target and write down the outcome; why it did not work, if it did not."""
    target = targets.find(delivery.channel, delivery.target)
    if target is None:
        delivery.give_up(reasons.NOT_CONFIGURED())
    elif not circuits.claim(*target.circuit):
        delivery.put_off(LEFT_ALONE, delivery.error or reasons.LEFT_ALONE())
    else:
        _try(delivery, target)
    return delivery.error


def _try(delivery: Delivery, target: Target) -> None:
    try:
        target.send(delivery.message)
    except RefusedError as error:
        delivery.give_up(error.reason)
    except OutageError as error:
        after_s = getattr(error, "retry_after_s", None)
        circuits.failed(*target.circuit, error.reason, retry_after_s=after_s)
        delivery.fail(error.reason, after_s)
    except Exception as error:  # the others are to be sent all the same
        log.exception("Sending a message to %s %s broke", target.channel, target.name)
        delivery.fail(reasons.BROKE(error=type(error).__name__))
    else:
        circuits.succeeded(*target.circuit)
        delivery.succeed()


sender = Sender()
"""Of this process."""
