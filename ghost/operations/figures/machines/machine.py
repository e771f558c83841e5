"""What builds need on this machine and on the workers' hosts: folders that can be written, and Hugo."""

from __future__ import annotations

from ghost.core.errors import OutageError
from ghost.core.heartbeats.models import host_name
from ghost.core.io.disk_look import DiskLook
from ghost.core.text.reasons import words
from ghost.operations import checks
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status
from ghost.operations.figures.machines.hosts import living_workers

NAME = FACT = "machine"
"""In a worker's heartbeat: what is wrong there."""
LOOKED_AT = ("ghost.E001", "ghost.E002")
"""Checks without which nothing gets built. What is merely unwise is told by `doctor`."""


HUNG = "a folder that does not answer"


def problems() -> list[str]:
    """What is wrong on this host, without its paths."""
    try:
        return _look.take()
    except OutageError:
        return [HUNG]


def _problems() -> list[str]:
    found = (problem for problem in checks.installation() if problem.id in LOOKED_AT)
    return [str(problem.msg).partition(": ")[0] for problem in found]


_look = DiskLook(_problems)


def item(moment: Moment) -> Item:
    """Bad, if something is missing here, or on a worker's host that lives."""
    living = moment.once(living_workers)
    told = {row.host: row.facts.get(FACT, []) for row in living} | {host_name(): problems()}
    wrong = [f"{name} ({host})" for host, names in sorted(told.items()) for name in names]
    counts = {"hosts": len(told), "problems": len(wrong)}
    if not wrong:
        return Item(NAME, Status.OK, sentences.MACHINE(), counts=counts)
    return Item(
        NAME, Status.DOWN, sentences.MACHINE_LACKS(names=sentences.listed(wrong)),
        sentences.ASK_DOCTOR(), counts, last_error=words(wrong[0]),
    )  # fmt: skip
