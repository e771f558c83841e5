"""The database: whether it answers, and whether it is as far as this version of Ghost."""

from __future__ import annotations

from django.db import DatabaseError, connection

from ghost.core.db import migrations_state, snapshot
from ghost.core.text.reasons import words
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Status

NAME = "database"


def item() -> Item:
    """What comes first: without it there is nothing else to look at."""
    try:
        is_migrated = migrations_state.is_migrated()
    except DatabaseError as error:
        return away(error)
    if not is_migrated:
        return Item(NAME, Status.DOWN, sentences.NOT_MIGRATED(), sentences.MIGRATE())
    return Item(NAME, Status.OK, sentences.ANSWERS(), rows=[{"vendor": connection.vendor}])


def away(error: DatabaseError) -> Item:
    """It did not answer: with what it said, without the address that it may quote."""
    told = snapshot.trouble(error).partition(" (")[0] or type(error).__name__
    return Item(
        NAME, Status.DOWN, sentences.AWAY(), sentences.START_DATABASE(), last_error=words(told)
    )
