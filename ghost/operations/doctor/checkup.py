"""Everything that `manage.py doctor` looks at: the configuration, this machine, and the figures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from shlex import quote
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from builds.render import hugo
from ghost.core.config import env
from ghost.core.config.version import VERSION
from ghost.core.errors import GhostError, OutageError
from ghost.core.io import mail
from ghost.core.logs import rotation
from ghost.core.time_limit import TimeUp, time_limit
from ghost.operations import checks, figures, file_modes
from ghost.operations.doctor import exposure
from ghost.operations.figures import Item, Status, sentences
from ghost.operations.figures.machines import machine
from ghost.operations.start import startup

NAMED = 3
LONGEST_S = 15.0
"""What a check waits for, at most: a server that does not answer must not hide what the others find."""
MEND = "Mend that, and run doctor again."


class Outcome(StrEnum):
    """What came of a check."""

    OK = "ok"
    FAILED = "failed"
    WARNED = "warned"
    """It works, and is unwise: no failure either."""
    UNKNOWN = "unknown"
    """Nothing can be told yet, which is no failure."""


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, what was found, and what to do if it is not as it should be."""

    name: str
    outcome: Outcome
    told: str
    advice: str = ""
    seconds: float = 0.0
    """How long its check took."""


def findings() -> Iterator[Finding]:
    """All checks, one after the other; none stops those that come after it."""
    yield Finding("version", Outcome.OK, f"Ghost {VERSION}")
    for name, check in CHECKS:
        began = time.monotonic()
        found = _bounded(name, check)
        seconds = round(time.monotonic() - began, 2)
        yield from (replace(each, seconds=seconds) for each in found)


def _bounded(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What a check finds, or that it could not be made, or not in its time."""
    found: list[Finding] = []
    try:
        with time_limit(LONGEST_S):
            found.extend(check())
    except (DatabaseError, OSError, GhostError) as error:
        told = str(error).strip().replace("\n", " ")
        found.append(Finding(name, Outcome.FAILED, told, MEND))
    except TimeUp:
        if not connection.in_atomic_block:
            connection.close()  # it may have been amid a query
        told = _("the check was given up after %d s") % LONGEST_S
        advice = _(
            "See what does not answer: the database, a disk or a server that the settings name."
        )
        found.append(Finding(name, Outcome.FAILED, told, advice))
    return found


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
    return Finding("settings", Outcome.FAILED, str(problem.msg), str(problem.hint or MEND))


def _hugo() -> Iterator[Finding]:
    """Whether it runs; that it is missing is told among the programs."""
    if not any(problem.id == NO_HUGO for problem in checks.installation()):
        yield Finding("hugo", Outcome.OK, " ".join(hugo.version().split()[1:2]))


def _files() -> Iterator[Finding]:
    """What is Ghost's is its owner's alone."""
    found = file_modes.too_wide()
    if found:
        told = _("open to others: %s") % _some([str(each.path) for each in found])
        advice = _("Run: %s") % "; ".join(file_modes.commands(found))
        yield Finding("files", Outcome.FAILED, told, advice)
    writable = [str(folder) for folder in file_modes.world_writable()]
    if writable:
        told = _("anyone can replace files in: %s") % _some(writable)
        advice = _("Run: %s") % f"chmod o-w {' '.join(map(quote, writable))}"
        yield Finding("files", Outcome.FAILED, told, advice)
    if not found and not writable:
        told = _("only Ghost's own user can read them, except the public site")
        yield Finding("files", Outcome.OK, told)


def _some(names: list[str]) -> str:
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    if more <= 0:
        return shown
    told = ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more)
    return told % {"names": shown, "number": more}


def _user() -> Iterator[Finding]:
    if os.geteuid() == 0:
        told = _("Ghost runs as root: a flaw in it is one of the whole machine")
        advice = _(
            "Make a user of its own for it, who owns its folders (chown -R), and start it as that one."
        )
        yield Finding("user", Outcome.WARNED, told, advice)


def _exposure() -> Iterator[Finding]:
    """What may be reached from where."""
    exposures = list(exposure.found())
    for told, advice in exposures:
        yield Finding("exposure", Outcome.WARNED, told, advice)
    if not exposures:
        told = _("nothing is exposed needlessly")
        yield Finding("exposure", Outcome.OK, told)


def _database() -> Iterator[Finding]:
    for problem in checks.database():
        yield Finding("database", Outcome.FAILED, str(problem.msg), str(problem.hint))


def _backups() -> Iterator[Finding]:
    for problem in checks.backup_folder():
        yield Finding("backups", Outcome.FAILED, str(problem.msg), str(problem.hint))


def _accounts() -> Iterator[Finding]:
    """Who must have a second factor."""
    for problem in checks.groups():
        yield Finding("accounts", Outcome.FAILED, str(problem.msg), str(problem.hint))
        return
    named = ", ".join(settings.GHOST.mfa_required_groups)
    if named:
        yield Finding("accounts", Outcome.OK, _("a second factor is required of: %s") % named)
    else:
        told = _("no operator is required to have a second factor")
        advice = _(
            "Set GHOST_MFA_REQUIRED_GROUPS=*: whoever has none is led to where it is set up."
        )
        yield Finding("accounts", Outcome.WARNED, told, advice)


def _broker() -> Iterator[Finding]:
    for problem in checks.broker():
        yield Finding("redis", Outcome.FAILED, str(problem.msg), str(problem.hint))


def _mail() -> Iterator[Finding]:
    if not mail.is_set_up():
        told = _("not set up: forgotten passwords are reset with manage.py changepassword")
        yield Finding("mail", Outcome.OK, told)
        return
    try:
        mail.try_server()
        yield Finding("mail", Outcome.OK, _("the mail server answers"))
    except OutageError as error:
        advice = _(
            "Correct GHOST_EMAIL_URL, or mend that server; try it with manage.py send_test_mail."
        )
        yield Finding("mail", Outcome.FAILED, str(error), advice)


def _logs() -> Iterator[Finding]:
    """Where lines go, and whether they can."""
    folder = settings.GHOST.log_dir
    file = folder / rotation.NAME if folder else None
    if file and file.exists() and not os.access(file, os.W_OK):
        told = _("%s can't be written") % file
        advice = _("Let it be Ghost's own user's: %s") % f'chown "$(id -un)" {quote(str(file))}'
        yield Finding("logs", Outcome.FAILED, told, advice)
    elif file:
        yield Finding("logs", Outcome.OK, _("on standard error and in %s") % file)
    else:
        yield Finding("logs", Outcome.OK, _("on standard error"))
    dsn = settings.GHOST.sentry_dsn
    if settings.GHOST.sentry_enabled and dsn:
        host = urlsplit(dsn.get_secret_value()).hostname
        yield Finding("sentry", Outcome.OK, _("errors are told to %s") % host)


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
    ("files", _files),
    ("user", _user),
    ("exposure", _exposure),
    ("database", _database),
    ("redis", _broker),
    ("backups", _backups),
    ("accounts", _accounts),
    ("mail", _mail),
    ("logs", _logs),
    ("figures", _figures),
)
