"""Ghost's addresses, and beside its API the least that ninja can do: what its rates are held to."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI

from ghost.urls import urlpatterns as ours

bare = NinjaAPI(title="Bare", urls_namespace="bare", docs_url=None, openapi_url=None)


@bare.get("/ping")
def ping(request: HttpRequest) -> dict[str, bool]:
    """No token, no database."""
    return {"pong": True}


urlpatterns = [path("api/bare/", bare.urls), *ours]
