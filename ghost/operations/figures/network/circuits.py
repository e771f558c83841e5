"""The circuits: what failed so often that it is left alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q

from builds.deploy import targets as deploy_targets
from dht.trackers.hosts import parse_address
from ghost.core.circuits import Circuit, Kind
from ghost.core.circuits.models import MAX_NAME_CHARS, CircuitQuerySet
from ghost.operations.channels import deadman
from ghost.operations.channels import targets as channel_targets
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status
from ghost.operations.git_backup.folder import remote_address


def item(moment: Moment) -> Item:
    """Bad while one is open that somebody here can mend: of trackers those that the settings name.
    Publishers' magnets name many that are dead for good."""
    failing = still_asked().failing()
    opened = still_asked().open(moment.now)
    counts = _counts(failing, opened)
    if not counts["failing"]:
        return Item("circuits", Status.OK, sentences.CLOSED(), counts=counts)
    theirs = opened.of(Kind.TRACKER).exclude(name__in=_own_trackers())
    bad = list(opened.exclude(pk__in=theirs)[:MAX_ROWS])
    seen = {row.pk for row in bad}
    rest = [row for row in failing[:MAX_ROWS] if row.pk not in seen]
    rows = [_plain(row, row.pk in seen) for row in [*bad, *rest][:MAX_ROWS]]
    if not bad:
        return Item("circuits", Status.OK, sentences.CLOSED(), counts=counts, rows=rows)
    names = sentences.listed([row.name for row in bad])
    return Item(
        "circuits", Status.DEGRADED, sentences.OPEN(names=names), sentences.MEND_CIRCUIT(), counts,
        last_error=bad[0].last_error, since=min(row.opened_at or moment.now for row in bad),
        rows=rows,
    )  # fmt: skip


def still_asked() -> CircuitQuerySet:
    """Those of whom somebody may still want something: not of what the configuration named earlier, of which
    nobody will ever hear that it answers again."""
    gone = Q()
    for kind, names in _configured().items():
        gone |= Q(kind=kind) & ~Q(name__in=[name[:MAX_NAME_CHARS] for name in names])
    return Circuit.objects.exclude(gone)


def _configured() -> dict[Kind, list[str]]:
    """What is asked, of the kinds of which the configuration alone says that."""
    webhooks = [target.name for target in channel_targets.from_configuration()]
    return {
        Kind.DEPLOY_TARGET: [target.address for target in deploy_targets.configured()],
        Kind.GIT_BACKUP: [remote_address()],
        Kind.WEBHOOK: webhooks + ([deadman.CIRCUIT[1]] if deadman.is_set_up() else []),
        Kind.MAIL: [channel_targets.mail_server()] if settings.GHOST.email_url else [],
    }


def _own_trackers() -> list[str]:
    found = (parse_address(url) for url in settings.GHOST.default_trackers)
    return [address.circuit for address in found if address]


def _counts(failing: CircuitQuerySet, opened: CircuitQuerySet) -> dict[str, int | float]:
    by_kind = opened.counts_by_kind() if (number := failing.count()) else {}
    counts: dict[str, int | float] = {"open": sum(by_kind.values()), "failing": number}
    return counts | {f"open_{kind}": by_kind.get(kind, 0) for kind in Kind}


def _plain(row: Circuit, needs_care: bool) -> dict[str, Any]:  # noqa: FBT001  # for the row
    return {
        "kind": row.kind,
        "name": row.name,
        "state": row.state,
        "needs_care": needs_care,
        "failures": row.failures,
        "waiting": row.waiting,
        "opened_at": row.opened_at,
        "open_until": row.open_until,
        "failed_at": row.failed_at,
        "last_error": row.last_error,
    }
