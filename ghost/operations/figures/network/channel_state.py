"""The channels by which operators are told: whether each can be reached."""

from __future__ import annotations

from typing import Any

from ghost.core.circuits import Circuit
from ghost.core.text.reasons import NONE
from ghost.operations.channels import deadman, targets
from ghost.operations.channels.models import Delivery
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status

NAME = "alerts"


def item(moment: Moment) -> Item:
    """Bad, while messages don't get to somebody who is configured, or the sign of life does not."""
    known = {(str(target.channel), target.name) for target in targets.everybody()}
    failing = _failing(moment, known)
    away = (
        Circuit.objects.named(*deadman.CIRCUIT).failing().first() if deadman.is_set_up() else None
    )
    names = [row.shown_target if row.channel != "mail" else row.channel for row in failing]
    names += [away.name] if away else []
    counts = {"targets": len(known), "failing": len(names)}
    rows = [_plain(row) for row in failing]
    if names:
        error = failing[0].error if failing else away.last_error if away else NONE
        return Item(
            NAME, Status.DEGRADED, sentences.CHANNELS_FAIL(names=sentences.listed(names)),
            sentences.MEND_CHANNEL(), counts, last_error=error, rows=rows,
        )  # fmt: skip
    told = sentences.CHANNELS(number=len(known)) if known else sentences.NO_CHANNELS()
    return Item(NAME, Status.OK, told, counts=counts)


def _failing(moment: Moment, known: set[tuple[str, str]]) -> list[Delivery]:
    """The last one for each target that is still told."""
    found: dict[tuple[str, str], Delivery] = {}
    for row in Delivery.objects.failing(moment.now).defer("text", "html", "data")[:MAX_ROWS]:
        if (row.channel, row.target) in known:
            found.setdefault((row.channel, row.target), row)
    return list(found.values())


def _plain(row: Delivery) -> dict[str, Any]:
    """Without whom a mail is for: these rows are for everybody who sees the figures."""
    return {
        "channel": row.channel,
        "name": "" if row.channel == "mail" else row.target,
        "tries": row.attempts,
        "written_at": row.created_at,
        "last_error": row.error,
    }
