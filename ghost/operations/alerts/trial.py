"""A test message, by every channel that is configured."""

from __future__ import annotations

from django.db import transaction

from ghost.core.audit import trail
from ghost.core.errors import RefusedError
from ghost.operations.alerts import sentences, wording
from ghost.operations.channels import sending, targets
from ghost.operations.channels.models import Delivery


def write() -> list[Delivery]:
    """Leave one for each target, to be sent within some seconds; RefusedError if there is none."""
    to = targets.everybody()
    if not to:
        raise RefusedError(sentences.NO_CHANNEL())
    with transaction.atomic():
        written = Delivery.objects.write(wording.test(), Delivery.Kind.TEST, to)
        trail.record_all(
            "delivery.test", ((row, None, {"channel": row.channel}) for row in written)
        )
    return written


def send() -> list[Delivery]:
    """Send one to each target now, and say what came of it; RefusedError if there is none."""
    written = write()
    for row in written:
        if (claimed := Delivery.objects.claim(row.pk)) is not None:
            sending.deliver(claimed)
    return list(Delivery.objects.filter(pk__in=[row.pk for row in written]).order_by("pk"))
