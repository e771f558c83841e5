"""What probes, load balancers and monitors ask: `/health` and `/ready`.

Neither writes, and both read what `ghost.operations.figures` keeps for a moment, so that they answer
while a writer holds the database, and cost little however often they are asked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from ghost.core.config.version import VERSION
from ghost.core.errors import OutageError
from ghost.core.http.request.client_address import client_address, is_in
from ghost.core.io.disk_look import DiskLook
from ghost.core.text.reasons import Reason
from ghost.operations import figures
from ghost.operations.figures import Figures, Item, sentences
from teams import credentials
from teams.models import Token
from teams.roles import Role

BEARER = "bearer "
MAX_TOKEN_CHARS = 200


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """GET /health: one word for anybody; 503 if the installation can't serve. Operators, Admins
    and the addresses of GHOST_HEALTH_ALLOWLIST see how each part of it stands."""
    found = figures.current()
    body: dict[str, Any] = {"status": found.word}
    if sees_detail(request):
        body |= detail(found)
    return _answer(body, is_ok=found.is_serving)


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """GET /ready: 503 until requests can be served, for a load balancer."""
    is_here = is_ready()
    return _answer({"ready": is_here}, is_ok=is_here)


def is_ready() -> bool:
    """Whether requests can be sent here: migrated, and the site is there if it is served here."""
    is_integrated = settings.GHOST.deploy_mode == "integrated"
    return (not is_integrated or _is_site_there()) and figures.current().is_serving


_site_look = DiskLook(lambda: (settings.GHOST.site_workdir / "public").is_dir())


def _is_site_there() -> bool:
    try:
        return _site_look.take()
    except OutageError:
        return False


def sees_detail(request: HttpRequest) -> bool:
    """Whether the asker may see more than a word; no if the database can't tell who it is."""
    if is_in(client_address(request), settings.GHOST.health_allowlist):
        return True
    try:
        return _is_admin(request) or _is_operator(request)
    except DatabaseError:
        return False


def _is_admin(request: HttpRequest) -> bool:
    """Whether it brings an Admin's token. That is not noted as a use: nothing is written here."""
    given = request.headers.get("Authorization", "")
    raw = given[len(BEARER) :].strip()
    if not given.lower().startswith(BEARER) or not raw or len(raw) > MAX_TOKEN_CHARS:
        return False
    admins = Token.objects.usable().filter(role=Role.ADMIN)
    return admins.of_form(credentials.digest(raw)).exists()


def _is_operator(request: HttpRequest) -> bool:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    return user.is_authenticated and user.is_active and user.is_staff


def detail(found: Figures) -> dict[str, Any]:
    """How each part stands, in the reader's language: for those who may know."""
    return {
        "version": VERSION,
        "gathered_at": found.gathered_at.isoformat(),
        "items": [plain(item) for item in found.items],
    }


def plain(item: Item) -> dict[str, Any]:
    """An item as values for JSON."""
    return {
        "name": item.name,
        "title": str(sentences.TITLES[item.name]),
        "status": str(item.status),
        "code": item.reason.code,
        "reason": str(item.reason),
        "advice": str(item.advice) or None,
        "counts": dict(item.counts),
        "last_error": str(item.last_error) or None,
        "since": _plain(item.since),
        "rows": [_plain(row) for row in item.rows],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401  # plain values, moments and reasons, whatever their shape
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case datetime():
            return value.isoformat()
        case Reason():
            return str(value) or None
    return value


def _answer(body: dict[str, Any], *, is_ok: bool) -> JsonResponse:
    """200 or 503; that one is an answer and no error (`ghost.core.http.error_pages`)."""
    return JsonResponse(body, status=200 if is_ok else 503)
