"""Brings messages to their targets, in a thread beside what a process does: one at a time.

Any number of processes may do it: each delivery is claimed first. Who dies while sending leaves its claim to
expire, and the message is sent again under the same name.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, connections

from ghost.core import circuits
from ghost.core.db import clock
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import Reason
from ghost.operations.channels import deadman, reasons, targets
from ghost.operations.channels.models import Delivery
from ghost.operations.channels.targets import Target

AT_ONCE = 200
"""Deliveries that one round looks at."""
LEFT_ALONE = timedelta(minutes=1)

log = logging.getLogger(__name__)


class Sender:
    """The thread of this process that sends; there is one at most."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self, *, is_pinging: bool = False) -> None:
        """Send what is due in a thread, unless one is at it. With `is_pinging` the service that
        waits for signs of life is asked for, too."""
        is_pinging = is_pinging and deadman.is_due()
        if not (is_pinging or Delivery.objects.due(clock.now()).exists()):
            return
        with self._lock:
            if not self.is_busy:
                self._thread = threading.Thread(
                    target=self._run, args=(is_pinging,), name="messages", daemon=True
                )
                self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether it sends."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout_s: float) -> None:
        """Until it has sent what was due."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, is_pinging: bool) -> None:  # noqa: FBT001  # an argument of a thread
        try:
            send_due()
            if is_pinging:
                deadman.ping()
        except DatabaseError as error:
            log.warning("Messages could not be sent: %s", error)
        finally:
            connections.close_all()


sender = Sender()
"""Of this process."""


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
