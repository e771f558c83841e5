"""How the installation stands: one source for health, readiness, dashboard and doctor. Leans on every app's rows.

`current` is what all of them read. Each subject has a module with `item(moment)`, which looks at rows
and local files alone: nothing here waits for another machine but the database's, and nothing writes.
"""

from ghost.operations.figures.gathering import Figures, current, gather
from ghost.operations.figures.item import Item, Status

__all__ = ["Figures", "Item", "Status", "current", "gather"]
