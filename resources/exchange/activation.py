"""Which tokens of a file open the API: none, until whoever runs the import says so.

A file can hold any role and any hash. So what comes with it is inert; `--activate-tokens` lets the
Publishers' and members' tokens of that file in, and an Admin's only where it is confirmed by name and hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ghost.core.audit import actors
from ghost.core.errors import RefusedError
from teams.models import Token

Ask = Callable[[str], bool]
"""Whether the Admin token of this label is to be activated."""


def label(token: Token) -> str:
    """What an Admin token is confirmed by: `NAME/HASH`."""
    return f"{token.display_name}/{token.token_hash}"


def activate(tokens: Iterable[Token], *, confirmed: Iterable[str], ask: Ask) -> int:
    """Activate those that are no Admin's, and the Admins' that are confirmed; how many those were.

    RefusedError if one is confirmed that is not among them; the others are active then.
    """
    rows, named = list(tokens), set(confirmed)
    chosen = [row.pk for row in rows if not row.is_admin or label(row) in named or ask(label(row))]
    with actors.acting_as("import_catalog"):
        count = Token.objects.filter(pk__in=chosen).activate()
    if unknown := sorted(named - {label(row) for row in rows if row.is_admin}):
        raise RefusedError(f"No Admin token “{unknown[0]}” of this file waits to be activated.")
    return count
