"""The configuration: all groups of variables as one, read and checked at the start.

The groups say each variable's name, type, default and meaning; `.env.example` and `manage.py config`
are made of that in `ghost.core.config.listing`.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ghost.core.config.groups.access.accounts import Accounts
from ghost.core.config.groups.access.api import Api, Events
from ghost.core.config.groups.access.keys import Keys
from ghost.core.config.groups.access.sessions import Sessions
from ghost.core.config.groups.access.web import WebServer
from ghost.core.config.groups.bittorrent import HealthScans, Network, Probes
from ghost.core.config.groups.deployment import Deployment, HostLimits, Pages
from ghost.core.config.groups.operations.alerts import Alerts
from ghost.core.config.groups.operations.backups import Backups
from ghost.core.config.groups.operations.git_backup import GitBackup
from ghost.core.config.groups.operations.logs import ErrorReports, Logs
from ghost.core.config.groups.operations.mail import Mail
from ghost.core.config.groups.operations.monitoring import Monitoring
from ghost.core.config.groups.operations.schedules import Schedules
from ghost.core.config.groups.site import Covers, Site, SiteBuilds
from ghost.core.config.groups.storage import Database, Retention
from ghost.core.config.groups.work import Workers
from ghost.core.config.values import BASE_DIR, Group, is_secret, may_hold_password
from ghost.core.errors import GhostError
from ghost.core.io import files
from ghost.core.text.unicode import shortened, spelt_out

__all__ = ["BASE_DIR", "ConfigError", "Env", "load"]

MOST_CHARS = 500
"""Of a sentence about one variable."""
GENERATED = ("secret_key", "token_pepper")
"""Secrets that are made on the first start where they are not given."""


class ConfigError(GhostError):
    """The configuration can't be used; `problems` has one sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = [_in_a_line(each) for each in problems]
        super().__init__("\n".join(self.problems))


class Env(  # from the last group to the first: so pydantic keeps their fields in the order of GROUPS
    GitBackup,
    Backups,
    HostLimits,
    Pages,
    Deployment,
    Covers,
    SiteBuilds,
    Site,
    Probes,
    HealthScans,
    Network,
    Schedules,
    Workers,
    Events,
    Api,
    Retention,
    Database,
    Monitoring,
    Alerts,
    Mail,
    ErrorReports,
    Logs,
    Accounts,
    Keys,
    Sessions,
    WebServer,
    BaseSettings,
):
    """The configuration, from the environment or `.env`. Relative paths start at the project."""

    model_config = SettingsConfigDict(
        env_prefix="GHOST_", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    @property
    def site_address(self) -> str:
        """Where the site can be looked at, or empty if nothing says where."""
        is_known = self.deploy_mode == "integrated" or not self.public_baseurl.startswith("/")
        return self.public_baseurl if is_known else ""


GROUPS: tuple[type[Group], ...] = tuple(b for b in reversed(Env.__bases__) if issubclass(b, Group))
"""In the order in which they are shown."""


def variable(field: str) -> str:
    """The environment variable that sets `field` of Env."""
    alias = Env.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"GHOST_{field.upper()}"


def dotenv_path() -> Path:
    """The file that is read beside the environment: `.env`, or what GHOST_ENV_FILE names."""
    return Path(os.environ.get("GHOST_ENV_FILE") or BASE_DIR / ".env")


def load() -> Env:
    """Read and check the configuration; ConfigError names every mistake at once."""
    try:
        return Env(_env_file=dotenv_path())
    except UnicodeDecodeError:
        raise ConfigError([f"{dotenv_path()} is not UTF-8 text."]) from None
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors()]
        raise ConfigError(problems + misspelt()) from None


def _in_a_line(problem: str) -> str:
    """As a terminal can show it: names and values may be of any length and have any character."""
    return spelt_out(shortened(problem, MOST_CHARS)).replace("\n", "\\n")


def _sentence(detail: Any) -> str:  # noqa: ANN401  # pydantic's ErrorDetails
    name = str(detail["loc"][0])
    shown = name if name in {"HOST", "PORT"} else variable(name)
    if name in GENERATED:
        return f"{shown}: must have 32 characters at least, at random."
    told = f"{shown}: {detail['msg'].removeprefix('Value error, ')}"
    field = Env.model_fields.get(name)
    # The value of a secret must not be told; nor of what nobody knows, which might be one.
    is_private = field is None or is_secret(field) or may_hold_password(field)
    return f"{told}." if is_private else f"{told} (it is {detail['input']!r})."


def secret(env: Env, field: Literal["secret_key", "token_pepper"]) -> str:
    """The secret as given, else the one generated on first start in GHOST_SECRETS_DIR."""
    given: SecretStr | None = getattr(env, field)
    if given is not None:
        return given.get_secret_value()
    path = env.secrets_dir / field
    make_folder(env.secrets_dir, "secrets_dir")
    # Web and worker may start at the same moment: whoever links its file first wins.
    draft = path.with_name(f".{field}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def kept_secret(env: Env, field: Literal["earlier_token_pepper", "token_salt"]) -> str | None:
    """The value as given, else the one that a restored backup brought into GHOST_SECRETS_DIR."""
    given: SecretStr | None = getattr(env, field)
    path = env.secrets_dir / field
    if field in env.model_fields_set or not path.is_file():
        return given.get_secret_value() if given else None
    return path.read_text()


def make_folder(folder: Path, field: str, *, mode: int = files.PRIVATE_FOLDER) -> None:
    """Make a folder of Ghost's own that it can't start without; ConfigError if it can't be written."""
    try:
        # Beside it may come the site, which others have to reach.
        files.make_folder(folder, mode, above=files.PASSABLE_FOLDER)
    except OSError as error:
        raise ConfigError([f"{variable(field)}: {folder}: {error.strerror}."]) from error
    if not os.access(folder, os.W_OK):
        raise ConfigError([f"{variable(field)}: {folder} can't be written."])


def unknown_variables() -> list[str]:
    """GHOST_ variables that are set and that nothing reads: typing errors, mostly."""
    in_file = dotenv_values(dotenv_path())
    known = {variable(field) for field in Env.model_fields} | {"GHOST_ENV_FILE"}
    return sorted(n for n in {*os.environ, *in_file} if n.startswith("GHOST_") and n not in known)


def misspelt() -> list[str]:
    """A sentence for each variable that is set, but that no version of Ghost reads."""
    unread = unknown_variables()
    return [_in_a_line(f"{name}: there is no such variable; is it misspelt?") for name in unread]
