"""The addresses of the account pages, below `/admin/`. allauth looks its own up by these names; what
it has besides is not reachable."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.urls import path

from ghost.accounts import password
from ghost.accounts.sign_in import sign_in
from ghost.core.admin.model_admin import GhostAdminSite

site = cast("GhostAdminSite", admin.site)  # unfold has no types

urlpatterns = [
    path("login/", site.open_view(sign_in), name="account_login"),
    path("password_change/", password.change_password),
]
