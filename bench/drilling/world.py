"""Who takes part: made in a process where Django is set up."""

from __future__ import annotations

import json

from resources.models import Category
from teams.models import Token
from teams.roles import Role


def main() -> None:
    """Print tokens and categories as JSON."""
    _publisher, raw = Token.objects.issue(Role.PUBLISHER, "Drill")
    _admin, admin = Token.objects.issue(Role.ADMIN, "Drill admin")
    categories = list(Category.objects.values_list("pk", flat=True))
    print(json.dumps({"publisher": raw, "admin": admin, "categories": categories}))
