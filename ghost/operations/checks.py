"""What must hold on this machine before Ghost can work: told at start, with what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, OperationalError, connection
from django.utils.translation import gettext as _

from builds.render import hugo
from ghost.accounts import requirement
from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.core.io.ip_ranges import is_loopback
from ghost.operations import file_modes
from ghost.operations.backups import archive, encryption, second_place
from ghost.operations.backups.databases import postgres_programs
from resources.publishing.prober import prober


def installation() -> list[CheckMessage]:
    """Every problem of this installation."""
    return [
        *_folders(),
        *_published(),
        *_programs(),
        *_debugging(),
        *_made_up(),
        *_proxy(),
        *_site(),
    ]


def check_installation(**_: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's protocol
    """For `manage.py check` and the start of every command: mistakes, as warnings, stop nobody."""
    return [checks.Warning(p.msg, hint=p.hint, id=p.id) for p in installation()]


def database() -> Iterator[CheckMessage]:
    """Whether the database can be reached: asked for, since it may take a while to find out."""
    if not settings.GHOST.database_url:
        return
    try:
        connection.ensure_connection()
    except OperationalError as error:
        yield Error(
            f"GHOST_DATABASE_URL: {str(error).strip()}.".replace("\n", " "),
            hint="Start PostgreSQL, or correct the address.",
            id="ghost.E007",
        )


def broker() -> Iterator[CheckMessage]:
    """Whether Redis can be reached, if it hands out the tasks: asked for, as above."""
    if not settings.GHOST.redis_url:
        return
    from ghost.core.jobs import redis_broker  # noqa: PLC0415  # Redis is loaded where it is used

    try:
        redis_broker.require()
    except OutageError as error:
        yield Error(
            f"GHOST_REDIS_URL: {error}",
            hint="Start Redis, or correct the address; tasks wait in the database meanwhile.",
            id="ghost.E009",
        )


def backup_folder() -> Iterator[CheckMessage]:
    """Whether a backup can be written, and read again, really tried: asked for, as above."""
    try:
        archive.folder()
    except RefusedError as error:
        hint = _("Name a folder that Ghost alone reads, and can write to.")
        yield Error(str(error), hint=hint, id="ghost.E011")
    yield from _backup_programs()
    yield from _backup_keys()
    yield from _second_place()


def _second_place() -> Iterator[CheckMessage]:
    place = second_place.place()
    try:
        if place is not None:
            place.require()
    except GhostError as error:
        hint = _("Until then backups lie on this machine alone.")
        yield Error(str(error), hint=hint, id="ghost.E018")


def _backup_programs() -> Iterator[CheckMessage]:
    if settings.GHOST.database_url:
        try:
            postgres_programs.require()
        except RefusedError as error:
            hint = _("Until then Ghost makes no backups.")
            yield Error(str(error), hint=hint, id="ghost.E016")


def _backup_keys() -> Iterator[CheckMessage]:
    if settings.GHOST.age_recipient:
        try:
            encryption.trial()
        except GhostError as error:
            hint = _("Correct it before the next backup: what can't be opened is none.")
            yield Error(str(error), hint=hint, id="ghost.E017")


def groups() -> Iterator[CheckMessage]:
    """Whether the groups that need a second factor are there: a misspelt one would protect nobody."""
    try:
        unknown = requirement.unknown_groups()
    except DatabaseError:
        return  # nothing is there yet
    if unknown:
        yield Error(
            _("GHOST_MFA_REQUIRED_GROUPS: there is no group called %s.") % ", ".join(unknown),
            hint=_("Correct the name, or make the group in the admin."),
            id="ghost.E010",
        )


def _folders() -> Iterator[CheckMessage]:
    for name in ("magnet_metadata_dir", "magnet_tmp_dir", "cover_dir",
                 "site_workdir", "backup_dir", "log_dir"):  # fmt: skip
        path: Path | None = getattr(settings.GHOST, name)
        if path is None:
            continue
        nearest = _nearest(path)
        if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
            yield Error(
                f"GHOST_{name.upper()}: {path} can't be written.",
                hint="Give its owner the right to write, or name another folder.",
                id="ghost.E001",
            )


def _published() -> Iterator[CheckMessage]:
    places = {f"GHOST_{name.upper()}": getattr(settings.GHOST, name) for name in file_modes.PRIVATE}
    places |= {"GHOST_LOG_DIR": settings.GHOST.log_dir} if settings.GHOST.log_dir else {}
    for name, path in (places | {"GHOST_DB_PATH": settings.GHOST.db_path}).items():
        if file_modes.is_published(path):
            yield Error(
                _("%(name)s: %(path)s is part of what is published.")
                % {"name": name, "path": path},
                hint=_("Name a folder outside of the public site and of GHOST_DEPLOY_TARGET."),
                id="ghost.E013",
            )


def _nearest(path: Path) -> Path:
    # A path that can't be one at all (too long, say) is not there either.
    while not os.path.exists(path) and path != path.parent:  # noqa: PTH110  # as above
        path = path.parent
    return path


def _programs() -> Iterator[CheckMessage]:
    for check, name, number in (
        (hugo.binary, "GHOST_HUGO_BIN", 2),
        (prober().require, "libtorrent", 3),
    ):
        try:
            check()
        except GhostError as error:
            yield Error(f"{name}: {error}", id=f"ghost.E00{number}")
    if shutil.which("git") is None:
        yield Error("git was not found.", hint="Install it from your system.", id="ghost.E004")


def _debugging() -> Iterator[CheckMessage]:
    if settings.GHOST.debug and settings.GHOST.behind_tls:
        yield Error(
            "GHOST_DEBUG is on although GHOST_BEHIND_TLS says that this is in production.",
            hint="Set GHOST_DEBUG=0.",
            id="ghost.E005",
        )
    if settings.GHOST.debug and not is_loopback(settings.GHOST.host):
        yield Error(
            _(
                "GHOST_DEBUG is on, and HOST lets others reach it: its error pages show the configuration."
            ),
            hint=_("Set GHOST_DEBUG=0, or HOST=127.0.0.1."),
            id="ghost.E012",
        )


def _made_up() -> Iterator[CheckMessage]:
    if settings.GHOST.magnet_metadata_backend == "mock":
        yield CheckWarning(
            _(
                "GHOST_MAGNET_METADATA_BACKEND=mock makes up what probes find; the network is not asked."
            ),
            hint=_("Set it to libtorrent for real use."),
            id="ghost.W013",
        )


def _proxy() -> Iterator[CheckMessage]:
    if settings.GHOST.behind_tls and not settings.GHOST.trusted_proxies:
        yield Error(
            "GHOST_TRUSTED_PROXIES is empty although GHOST_BEHIND_TLS says that there is a proxy: nobody is"
            " believed that a request came over TLS, so that the API refuses it and each page leads to itself;"
            " and all callers count as one when attempts to sign in are limited by address.",
            hint="Set it to the proxy's address, such as 127.0.0.1.",
            id="ghost.E008",
        )


def _site() -> Iterator[CheckMessage]:
    if (
        settings.GHOST.deploy_mode == "integrated"
        and urlsplit(settings.GHOST.public_baseurl).path != "/"
    ):
        yield Error(
            "GHOST_PUBLIC_BASEURL has a path, but an integrated site is served at /.",
            hint="Leave the path away, or set GHOST_DEPLOY_MODE=standard.",
            id="ghost.E006",
        )
    if (
        settings.GHOST.site_host
        and urlsplit(settings.GHOST.public_baseurl).hostname != settings.GHOST.site_host
    ):
        yield Error(
            _(
                "GHOST_PUBLIC_BASEURL is %(address)s, but the site is served at GHOST_SITE_HOST (%(host)s): links"
                " in feeds and in the admin lead elsewhere."
            )
            % {"address": settings.GHOST.public_baseurl, "host": settings.GHOST.site_host},
            hint=_("Set it to %s.") % f"https://{settings.GHOST.site_host}/",
            id="ghost.E014",
        )
