"""Who may sign in to the demo: one operator, one Admin token, its publishers' tokens."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model

from ghost.accounts.links import first_operator
from ghost.core.io.files import write_atomic
from ghost.demo.works import PUBLISHERS
from teams.models import Token, public_names
from teams.roles import Role

if TYPE_CHECKING:
    from pathlib import Path

USERNAME = "demo"


@dataclass
class Accounts:
    """The demo's secrets, in clear."""

    password: str = ""
    admin_token: str = ""
    publisher_tokens: dict[str, str] = field(default_factory=dict)


def path() -> Path:
    """Where they are kept; only the owner can read it."""
    return settings.GHOST.secrets_dir / "demo.json"


def ensure(password: str = "") -> Accounts:
    """The accounts of this demo, made where they are missing; a given password is set."""
    accounts = _load()
    accounts.password = password or accounts.password or secrets.token_urlsafe(12)
    accounts.admin_token = _ensure_token(accounts.admin_token, Role.ADMIN, "Demo")
    for name in PUBLISHERS:
        raw = accounts.publisher_tokens.get(name, "")
        accounts.publisher_tokens[name] = _ensure_token(raw, Role.PUBLISHER, name)
    write_atomic(path(), json.dumps(asdict(accounts), indent=1).encode(), mode=0o600)
    _ensure_operator(accounts.password)
    return accounts


def _load() -> Accounts:
    try:
        return Accounts(**json.loads(path().read_bytes()))
    except FileNotFoundError:
        return Accounts()


def _ensure_token(raw: str, role: Role, name: str) -> str:
    if Token.objects.find_usable(raw):
        return raw
    return Token.objects.issue(role, public_names.free(name), note="Of the demo")[1]


def _ensure_operator(password: str) -> None:
    user, _ = get_user_model().objects.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True}
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    first_operator.sync()  # the link that a start has left is of no use any more
