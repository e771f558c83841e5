"""The private plane's addresses, and the public site where it is served here too."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from ghost import public_site
from ghost.accounts import urls as accounts
from ghost.api.openapi_document import document
from ghost.api.root import api
from ghost.core.http import error_pages, problems
from ghost.core.http.transport.methods import complete
from ghost.operations import health
from ghost.operations.metrics import views as metrics

admin.autodiscover()
urlpatterns = [
    path("health", complete(health.health)),
    path("api/health", complete(health.health)),
    path("ready", complete(health.ready)),
    path("metrics", complete(metrics.metrics)),
    path("api/openapi.json", complete(document)),  # before ninja's own, which makes it each time
    path("api/", api.urls),
    path("api/<path:path>", complete(problems.unknown)),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", include(accounts)),  # before the admin's own
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    re_path(r"^(?P<path>.*)$", complete(public_site.serve)),
]

handler400 = error_pages.bad_request
handler500 = error_pages.server_error
