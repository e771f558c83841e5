"""What grows, and where it ends: a bound for each table and folder, with a preview. Leans on every app's rows.

A bound is made in the module of its subject and named in `ghost.operations.retention.cleaning.BOUNDS`. The
schedules, the admin, the API and `manage.py cleanup` remove by the same ones.
"""

from ghost.operations.retention.bound import Bound, Every, Outcome
from ghost.operations.retention.cleaning import clean, preview, require, said

__all__ = ["Bound", "Every", "Outcome", "clean", "preview", "require", "said"]
