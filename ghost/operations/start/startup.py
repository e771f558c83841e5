"""What web and worker put right when they start, so that `migrate` is all that a person has to run.

Missing or changed schedules, the operators' groups, the first Admin token, the first
operator's link, the first build, what an upgrade compares texts by. Whoever
starts first does it, under a lock that holds over all hosts; the others find nothing left to do, and
take no lock. `manage.py prepare` does the same by hand.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connections

from builds.models import Build, BuildState
from builds.tasks import build_when_quiet
from ghost.accounts.links import first_operator
from ghost.core.catalog.models import Catalog
from ghost.core.db import migrations_state, snapshot
from ghost.core.errors import OutageError
from ghost.core.jobs import queue
from ghost.core.jobs.models import Job, JobKind
from ghost.operations import backups, file_modes, schedules
from ghost.operations.alerts.models import AlertRule
from ghost.operations.start import folds
from teams import first_admin, groups

log = logging.getLogger(__name__)

LOGGED_EVERY_S = 60.0
RETRY_S = 2.0
FIRST_ADMIN, FIRST_OPERATOR = "first Admin token", "first operator's link"
FIRST_BUILD = "first build"


@dataclass(frozen=True)
class Part:
    """Something that has to be there before Ghost works by itself."""

    name: str
    is_missing: Callable[[], bool]
    put_right: Callable[[], object]


def is_build_missing() -> bool:
    """Whether something is to be built, and neither is built now nor waits for a worker: a new
    installation's first site, or what a crash cut off."""
    if not settings.GHOST.enable_scheduler:
        return False
    state, catalog = BuildState.objects.filter(pk=1).first(), Catalog.objects.filter(pk=1).first()
    built = state.built_revision if state else -1
    is_pending = (catalog.revision if catalog else 0) > built
    return (
        is_pending
        and not Build.objects.running().exists()
        and not Job.objects.open().filter(kind=JobKind.BUILD).exists()
    )


def _ask_for_build() -> None:
    queue.enqueue(build_when_quiet, kind=JobKind.BUILD)


PARTS = (
    Part("schedules", schedules.is_out_of_step, schedules.sync),
    Part("operators' groups", groups.is_out_of_step, groups.sync),
    Part("alert rules", AlertRule.objects.is_out_of_step, AlertRule.objects.sync),
    Part(FIRST_ADMIN, first_admin.is_missing, first_admin.ensure),
    Part(FIRST_OPERATOR, first_operator.is_out_of_step, first_operator.sync),
    Part("texts to compare by", folds.is_renewal_missing, folds.ask_for_renewal),
    Part(FIRST_BUILD, is_build_missing, _ask_for_build),
)


def missing() -> list[str]:
    """The names of the parts that are not right; nothing is written."""
    return [part.name for part in PARTS if part.is_missing()]


def put_right() -> list[str]:
    """Put right what is missing, and say what that was. Of processes that start at once one does
    it, and the others wait for that moment."""
    if not missing():
        return []
    with Catalog.turn():
        wrong = [part for part in PARTS if part.is_missing()]
        for part in wrong:
            part.put_right()
    done = [part.name for part in wrong]
    if done:
        log.info("Put right: %s", ", ".join(done))
    return done


class Start:
    """The start of one process: `attempt` until it says that everything is right."""

    def __init__(self) -> None:
        self._logged_at = float("-inf")

    def attempt(self) -> bool:
        """Put right what is missing; False, after a line in the log, while the database is not
        migrated or can't be reached."""
        file_modes.put_right()
        try:
            backups.finish_interrupted()
            if migrations_state.is_migrated():
                put_right()
                return True
            self._say(
                "The database is not migrated: run manage.py migrate; Ghost goes on by itself then."
            )
        except OutageError as error:
            self._say(str(error))
        except DatabaseError as error:
            self._say(snapshot.trouble(error) or f"The database did not answer: {error}")
        return False

    def wait(self, is_stopping: Callable[[], bool] = lambda: False) -> bool:
        """Attempt it again and again; False if this process is to end before it went well."""
        while not self.attempt():
            if is_stopping():
                return False
            connections.close_all()  # one that broke is of no use any more
            time.sleep(RETRY_S)
        return True

    def _say(self, line: str) -> None:
        if time.monotonic() - self._logged_at >= LOGGED_EVERY_S:
            self._logged_at = time.monotonic()
            log.warning("%s", line)
