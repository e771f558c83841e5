"""The two families of errors: the asker's fault, and the world's.

Every message is a sentence that the person who meets it can act on. An error whose message is
stored by a worker carries a `Reason`, which is said in the language of whoever reads it.
"""

from __future__ import annotations

from ghost.core.text.reasons import Reason, words


class GhostError(Exception):
    """Anything that Ghost itself says went wrong."""

    def __init__(self, message: str | Reason = "") -> None:
        super().__init__(message)
        self.reason = message if isinstance(message, Reason) else words(str(message))

    def __str__(self) -> str:
        return str(self.reason)


class RefusedError(GhostError):
    """What was asked can't be done as it was asked; asking again won't help.

    `field` names the input that is at fault, where there is one.
    """

    def __init__(self, message: str | Reason, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class PassingError(RefusedError):
    """It can't be done as things are, which may be others later: nobody answered a probe."""


class ForbiddenError(RefusedError):
    """The asker is known, and may not do this."""


class ConflictError(RefusedError):
    """The request collides with what is there already."""


class RevokedError(RefusedError):
    """The asker was known a moment ago, and is not any more."""


class StaleError(RefusedError):
    """What was asked rests on a version that is not the present one any more."""


class OutageError(GhostError):
    """Something that Ghost depends on failed; the same may work later."""
