"""What other programs are told of our environment: what each needs, by name.

Ghost's own variables hold the database's password and the keys of sessions and tokens, and whatever
else an operator has in the shell is nobody's business either.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from django.conf import settings

ALWAYS = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ",
    "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES",
    "LD_LIBRARY_PATH",
)  # fmt: skip
"""Without these a program does not run as it does in a shell."""
_SSH = ("SSH_AUTH_SOCK", "KRB5CCNAME")
_PROXIES = tuple(
    written
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for written in (name, name.upper())
)
_TLS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE")

GIT = (*_SSH, *_PROXIES, *_TLS, "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
RSYNC = (*_SSH, "RSYNC_PASSWORD", "RSYNC_PROXY")
SSH_COMMAND = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15"
"""Nobody is there to type a password."""
HUGO = ("GOMAXPROCS", "GOMEMLIMIT", "HUGO_MEMORYLIMIT", "HUGO_NUMWORKERMULTIPLIER")
AGE = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PCSCLITE_CSOCK_NAME")
"""Its plugins ask smart cards and agents."""

POSTGRES = (
    "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT",
    "PGSSLKEY", "KRB5CCNAME", "PGCLUSTER",
)  # fmt: skip
"""What libpq takes where the address doesn't say it."""


def environment(names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that needs these of ours beside what every one does, and what
    is `given`, whatever ours says of it."""
    wanted = (*ALWAYS, *names, *_named_by_operator())
    return {name: os.environ[name] for name in wanted if name in os.environ} | dict(given)


def ssh_command(variable: str) -> str:
    """How git and rsync start ssh: as the operator says in the variable that each of them has."""
    return os.environ.get(variable) or SSH_COMMAND


def _named_by_operator() -> tuple[str, ...]:
    return settings.GHOST.child_env if settings.configured else ()  # `make run` has no settings
