"""How the database is reached: SQLite in a file, or PostgreSQL at an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEPT_S = 600
"""A thread keeps its connection for so long: to open one costs more than most requests do."""
LEAST_CONNECT_S = 2
"""libpq waits no shorter for a connection."""


@dataclass(frozen=True)
class Patience:
    """How long this process waits for the database, and how many connections it may have."""

    lock_s: int
    """For a writer that holds what it wants, or for a connection; then it fails as a whole."""
    query_s: int = 0
    """For an answer (PostgreSQL); 0: as long as it takes."""
    pool: int = 0
    """Connections that its threads share (PostgreSQL); 0: each thread has its own."""


_SCHEME = re.compile(r"postgres(ql)?://")
_PARAMETER = re.compile(r'invalid URI query parameter: "\w+"')
_FORM = "must be postgresql://user:password@host:5432/name, special characters written as %XX"


def parse(address: str) -> dict[str, str]:
    """The parts of a PostgreSQL address by libpq's names; ValueError, which tells no password.

    The address is read by libpq itself, so whatever `psql` takes is taken here:
    https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
    """
    import psycopg  # noqa: PLC0415  # 60 ms that nobody needs on SQLite

    if not _SCHEME.match(address):
        raise ValueError(_FORM)
    try:
        parts = {k: str(v) for k, v in psycopg.conninfo.conninfo_to_dict(address).items()}
    except psycopg.Error as error:
        reason = _PARAMETER.search(str(error))  # anything else may quote the password
        raise ValueError(reason[0] if reason else _FORM) from None
    ports = parts.get("port", "5432").split(",")
    if "@" in parts.get("host", "") or not all(_is_port(port) for port in ports):
        raise ValueError(_FORM)
    if not parts.get("dbname"):
        raise ValueError(f"names no database; it {_FORM}")
    return parts


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) < 65536


def masked(address: str) -> str:
    """An address without what nobody may read over somebody's shoulder."""
    address = re.sub(r"(?<=://)\S*@", "***@", address)
    return re.sub(r"(?<=password=)[^&\s]*", "***", address)


def settings(address: str, path: Path, patience: Patience) -> dict[str, Any]:
    """Django's settings of the database: at this address, or if there is none in this file."""
    return postgresql(address, patience) if address else sqlite(path, patience)


def sqlite(path: Path, patience: Patience) -> dict[str, Any]:
    """SQLite: writers queue up instead of failing half-way; readers never wait (WAL)."""
    return {
        "ENGINE": "ghost.core.db.sqlite",
        "NAME": path,
        "CONN_MAX_AGE": KEPT_S,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": patience.lock_s,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=67108864;"
            ),
        },
        "TEST": {"NAME": ":memory:"},
    }


def postgresql(address: str, patience: Patience) -> dict[str, Any]:
    """PostgreSQL: connections are kept, asked before use whether they live, and wait as briefly
    for a lock as on SQLite. To compile a query (jit) costs more than any of ours takes."""
    parts = parse(address)
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    options = {k: v for k, v in parts.items() if k not in names.values()}
    waits = f"-c lock_timeout={patience.lock_s}s -c statement_timeout={patience.query_s}s"
    given = f"{waits} -c jit=off {options.get('options', '')}".rstrip()
    # In a pool connections live on by themselves: a thread gives its own back after each request.
    pool = {"min_size": 1, "max_size": patience.pool, "timeout": patience.lock_s}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{name: parts.get(part, "") for name, part in names.items()},
        "CONN_MAX_AGE": 0 if patience.pool else KEPT_S,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": str(max(patience.lock_s, LEAST_CONNECT_S)),
            "application_name": "ghost",
        }
        | options
        | {"options": given}
        | ({"pool": pool} if patience.pool else {}),
    }
