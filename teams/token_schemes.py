"""What raw tokens look like, and how they are hashed."""

from __future__ import annotations

from django.db import models


class Scheme(models.TextChoices):
    """What a raw token looks like, and how it is hashed."""

    GHOST = "ghost"
    EARLIER = "earlier"
    """The raw form is of the earlier Ghost's, the hash our keyed one: used here at least once."""
    ARGON2 = "argon2"
    """As it was imported: `token_hash` is the earlier Ghost's, to be replaced on its first use."""
