"""The publishers' client: the command `ghost`, and the class `Ghost` for their scripts.

It stands alone: it needs Python 3.9 and `requests`, and leans on nothing else of Ghost. `make client`
packs it into the one file `dist/ghost`, where this package is called `ghost_client`; so its own
imports are relative. docs/client.md tells how it is used (MIT licence).

    from ghost_client import Ghost
    ghost = Ghost("https://ghost.example", token)
    for row in ghost.resources(state="held"):
        print(row["id"], row["title"])
"""

from .bulk import Item, Outcome
from .errors import GhostError, OutageError, RefusedError, SetupError
from .ghost_api import Ghost

__all__ = ["Ghost", "GhostError", "Item", "OutageError", "Outcome", "RefusedError", "SetupError"]
