"""The forms that values of variables have."""

from __future__ import annotations

import ipaddress
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from ghost.core import cron

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise
    from pydantic.fields import FieldInfo

BASE_DIR = Path(__file__).resolve().parents[3]
"""The project's folder; relative paths start there."""


class Group(BaseModel):
    """Variables that belong together; `ghost.core.config.env` makes one configuration of all."""

    heading: ClassVar[StrPromise]
    """Shown above them, in the reader's language."""


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def from_project(value: Path) -> Path:
    """As `ProjectPath` says. ValueError for one that no disk can have."""
    try:
        path = BASE_DIR / value.expanduser()
        with suppress(PermissionError, FileNotFoundError, NotADirectoryError):
            path.stat()
    except RuntimeError as error:  # `~somebody`
        raise ValueError("there is no such user") from error
    except OSError as error:
        raise ValueError(f"can't be a path: {error.strerror}") from error
    return path


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(value: object) -> object:
    """Addresses and networks, separated by commas or as a JSON list; ValueError names the first
    that is none."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = json.loads(value)
    parts = _split(value)
    return tuple(map(_network, parts)) if isinstance(parts, (tuple, list)) else parts


def _network(given: object) -> Network:
    try:
        return ipaddress.ip_network(str(given))
    except ValueError as error:
        told = str(error) if "host bits" in str(error) else f"{given!r} is no IP address or network"
        raise ValueError(told) from error


CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
ProjectPath = Annotated[Path, AfterValidator(from_project)]
"""A relative one starts at the project, `~` at home."""


class _IsCronLine:
    """Marks a line of cron: `config show` tells when it comes next."""


CRON_LINE = _IsCronLine()
CronLine = Annotated[
    str,
    Field(max_length=cron.MAX_CHARS),
    AfterValidator(lambda line: cron.check(line) if line.strip() else ""),
    CRON_LINE,
]
"""A time of day or a weekday as cron writes it; empty: none."""


class _MayHoldPassword:
    """Marks a text that is shown without what stands between its scheme and its `@`."""


MAY_HOLD_PASSWORD = _MayHoldPassword()
Address = Annotated[str, MAY_HOLD_PASSWORD]
"""Where something is, which may name who asks and his password: those are never shown."""


def is_secret(field: FieldInfo) -> bool:
    """Whether a variable's value is never shown: because of its type, SecretStr."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def may_hold_password(field: FieldInfo) -> bool:
    """Whether a variable is an `Address`."""
    return MAY_HOLD_PASSWORD in field.metadata
