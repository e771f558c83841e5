"""Everything that `manage.py doctor` looks at: the configuration, this machine, and the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.core.checks import CheckMessage
from django.db import DatabaseError

from builds.render import hugo
from ghost.core.config import env
from ghost.core.config.version import VERSION
from ghost.core.errors import GhostError, OutageError
from ghost.core.io import mail
from ghost.operations import checks, figures, startup
from ghost.operations.figures import Item, Status, machine, sentences

MEND = "Mend that, and run doctor again."


class Outcome(StrEnum):
    """What came of a check."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Nothing can be told yet, which is no failure."""


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, what was found, and what to do if it is not as it should be."""

    name: str
    outcome: Outcome
    told: str
    advice: str = ""


def findings() -> Iterator[Finding]:
    """All checks, one after the other; none stops those that come after it."""
    yield Finding("version", Outcome.OK, f"Ghost {VERSION}")
    for name, check in CHECKS:
        try:
            yield from check()
        except (DatabaseError, OSError, GhostError) as error:
            yield Finding(name, Outcome.FAILED, str(error).strip().replace("\n", " "), MEND)


def _configuration() -> Iterator[Finding]:
    misspelt = env.misspelt()
    for sentence in misspelt:
        yield Finding(
            "configuration", Outcome.FAILED, sentence, "Correct its name, or take it out."
        )
    if not misspelt:
        yield Finding("configuration", Outcome.OK, "every variable is known")


def _machine() -> Iterator[Finding]:
    """Folders, programs and settings, as `manage.py check` looks at them."""
    problems = [problem for problem in checks.installation() if problem.id not in TOLD_BY_FIGURES]
    yield from map(_problem, problems)
    if not problems:
        yield Finding("settings", Outcome.OK, "folders, programs and settings fit together")


def _problem(problem: CheckMessage) -> Finding:
    what_to_do = str(problem.hint or MEND)
    return Finding("settings", Outcome.FAILED, str(problem.msg), what_to_do)


def _hugo() -> Iterator[Finding]:
    """Whether it runs; that it is missing is told among the programs."""
    if not any(problem.id == NO_HUGO for problem in checks.installation()):
        yield Finding("hugo", Outcome.OK, " ".join(hugo.version().split()[1:2]))


def _secrets() -> Iterator[Finding]:
    """Keys and the first token belong to their owner alone."""
    folder = settings.GHOST.secrets_dir
    paths = [folder, *folder.iterdir()] if folder.is_dir() else []
    open_to_others = [path.name for path in paths if path.stat().st_mode & 0o077]
    if open_to_others:
        told = f"others can read: {', '.join(sorted(open_to_others))}"
        yield Finding("secrets", Outcome.FAILED, told, "Run chmod -R go= on GHOST_SECRETS_DIR.")
    else:
        yield Finding("secrets", Outcome.OK, "theirs alone who run Ghost")


def _database() -> Iterator[Finding]:
    for problem in checks.database():
        yield Finding("database", Outcome.FAILED, str(problem.msg), str(problem.hint))


def _broker() -> Iterator[Finding]:
    for problem in checks.broker():
        yield Finding("redis", Outcome.FAILED, str(problem.msg), str(problem.hint))


def _mail() -> Iterator[Finding]:
    if not mail.is_set_up():
        told = "not set up: forgotten passwords are reset with manage.py changepassword"
        yield Finding("mail", Outcome.OK, told)
        return
    try:
        mail.try_server()
        yield Finding("mail", Outcome.OK, "the mail server answers")
    except OutageError as error:
        advice = (
            "Correct GHOST_EMAIL_URL, or mend that server; try it with manage.py send_test_mail."
        )
        yield Finding("mail", Outcome.FAILED, str(error), advice)


def _figures() -> Iterator[Finding]:
    found = figures.gather()
    is_machine_told = bool(machine.problems())  # among the settings, with their paths
    for item in found.items:
        is_told = item.name == "redis" or (item.name == machine.NAME and is_machine_told)
        if not is_told:
            yield _item(item)
    if found.is_serving:
        yield from _start()


def _item(item: Item) -> Finding:
    outcome = Outcome.FAILED if item.is_bad else Outcome.UNKNOWN
    if item.status == Status.OK:
        outcome = Outcome.OK
    told = item.reason.english
    if item.is_bad and item.last_error:
        told = f"{told} ({item.last_error.english})"
    return Finding(item.name, outcome, told, item.advice.english)


def _start() -> Iterator[Finding]:
    """What web and worker put right when they start."""
    # That something waits to be built is told by the figures.
    missing = [name for name in startup.missing() if name != startup.FIRST_BUILD]
    if missing:
        told = f"not as this version wants it: {', '.join(missing)}"
        yield Finding("start", Outcome.FAILED, told, sentences.PREPARE().english)
    else:
        yield Finding("start", Outcome.OK, "schedules, groups and Admin token are there")


NO_HUGO = "ghost.E002"
TOLD_BY_FIGURES = ("ghost.E003",)
"""Checks that the figures make too: libtorrent."""

CHECKS: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("configuration", _configuration),
    ("settings", _machine),
    ("hugo", _hugo),
    ("secrets", _secrets),
    ("database", _database),
    ("redis", _broker),
    ("mail", _mail),
    ("figures", _figures),
)
