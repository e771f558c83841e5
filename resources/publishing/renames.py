"""Who publishes, as far as the public catalog shows it."""

from __future__ import annotations

from ghost.core.catalog.models import Catalog
from resources import reasons
from teams.models import Team, Token


def note_renamed(who: Token | Team) -> None:
    """A publisher or team has a new name: the catalog changes if something of theirs is public.

    `settings.PUBLIC_NAME_CHANGED` names this function, and `store()` of a token or team calls it
    in its transaction.
    """
    if who.resources.public().exists():
        Catalog.advance(reasons.RENAMED(name=str(who)))
