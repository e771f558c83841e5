"""The deployments: whether each target has the site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from builds import deploy
from builds.models import Deployment
from ghost.core.text.reasons import NONE
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

LATE = timedelta(minutes=15)
"""Beyond its next try, which the clock looks after every minute."""


def item(moment: Moment) -> Item:
    """Bad, if one failed, waits for an operator, or is tried by nobody."""
    if not deploy.is_configured():
        return Item("deployments", Status.OK, sentences.NOT_DEPLOYED_ANYWHERE())
    rows = list(deploy.rows())
    more: dict[str, Any] = {"counts": _counts(rows), "rows": [_plain(row) for row in rows]}
    failed = [row for row in rows if row.state == Deployment.State.FAILED]
    if failed:
        return _bad(failed, sentences.DEPLOYMENT_FAILED, sentences.MEND_TARGET, more)
    if held := [row for row in rows if row.is_held]:
        return _bad(held, sentences.DEPLOYMENT_HELD, sentences.ALLOW, more)
    if late := [row for row in rows if _is_late(row, moment.now)]:
        return _bad(late, sentences.DEPLOYMENT_OVERDUE, sentences.LOOK_AT_WORKER, more)
    if waiting := [row.target for row in rows if not row.is_current]:
        return Item(
            "deployments",
            Status.OK,
            sentences.DEPLOYMENT_WAITS(names=sentences.listed(waiting)),
            **more,
        )
    if not rows:
        return Item("deployments", Status.UNKNOWN, sentences.NOTHING_SEEN(), **more)
    return Item("deployments", Status.OK, sentences.DEPLOYED_TO(number=len(rows)), **more)


def _bad(rows: list[Deployment], told: Any, advice: Any, more: dict[str, Any]) -> Item:  # noqa: ANN401  # ReasonCodes
    names = sentences.listed([row.target for row in rows])
    return Item(
        "deployments", Status.DEGRADED, told(names=names), advice(),
        last_error=rows[0].error or NONE, since=rows[0].tried_at, **more,
    )  # fmt: skip


def _is_late(row: Deployment, now: datetime) -> bool:
    """Whether it should have been tried, and was not. Without schedules nobody tries by the clock."""
    if not (settings.GHOST.enable_scheduler and row.wanted and row.is_due):
        return False
    since = _next_try_at(row) or row.tried_at
    return since is not None and now - since > LATE


def _next_try_at(row: Deployment) -> datetime | None:
    return row.circuit.open_until if row.circuit else None


def _counts(rows: list[Deployment]) -> dict[str, int | float]:
    return {str(state): sum(row.state == state for row in rows) for state in Deployment.State}


def _plain(row: Deployment) -> dict[str, Any]:
    circuit = row.circuit
    return {
        "name": row.target,
        "kind": row.kind,
        "state": row.state,
        "is_current": row.is_current,
        "deployed_at": row.deployed_at,
        "tried_at": row.tried_at,
        "next_try_at": circuit.open_until if circuit else None,
        "failed_tries": circuit.failures if circuit else 0,
        "last_error": row.error,
    }
