"""The private plane's addresses, and the public site where it is served here too."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from ghost import ops, problems, site
from ghost.api import api

urlpatterns = [
    path("health", ops.health),
    path("api/health", ops.health),
    path("ready", ops.ready),
    path("api/", api.urls),
    path("api/<path:path>", problems.unknown),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    re_path(r"^(?P<path>.*)$", site.serve),
]
