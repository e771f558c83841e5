"""Whether this installation works: what probes and load balancers ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ

from builds.models import BuildState
from ghost.core.db.migrations_state import is_migrated

Status = Literal["ok", "degraded", "loading"]
QUEUE_PATIENCE = timedelta(minutes=10)


def status() -> tuple[Status, bool]:
    """How Ghost stands in one word, and whether it can serve at all.

    `loading`: the database is not there yet or not migrated. `degraded`: it serves, but the last
    build failed or nobody works the queue; or the database does not answer.
    """
    try:
        if not is_migrated():
            return "loading", False
        return ("degraded" if _is_queue_stuck() or BuildState.get().last_error else "ok"), True
    except DatabaseError:
        return "degraded", False


def _is_queue_stuck() -> bool:
    waiting = OrmQ.objects.filter(lock__lt=timezone.now() - QUEUE_PATIENCE)
    return bool(waiting.exists())


def is_ready() -> bool:
    """Whether requests can be sent here: migrated, and the site is there if it is served here."""
    _, is_serving = status()
    is_integrated = settings.GHOST.deploy_mode == "integrated"
    return is_serving and (not is_integrated or (settings.GHOST.site_workdir / "public").is_dir())


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """GET /health: one word for anybody; 503 if the installation can't serve."""
    word, is_serving = status()
    return _answer({"status": word}, is_ok=is_serving)


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """GET /ready: 503 until requests can be served, for a load balancer."""
    is_here = is_ready()
    return _answer({"ready": is_here}, is_ok=is_here)


def _answer(body: dict[str, object], *, is_ok: bool) -> JsonResponse:
    """200, or a 503 that is an answer and no error: Django would log one for every question."""
    response = JsonResponse(body, status=200 if is_ok else 503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log
    return response
