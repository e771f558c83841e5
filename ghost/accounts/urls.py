"""The addresses of the account pages, below `/admin/`. allauth looks its own up by these names; what
it has besides is not reachable. Nobody keeps their answers."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.urls import URLPattern, path
from django.views.generic import View

from ghost.accounts.pages import confirm_pages, forgotten_password, password, second_factors
from ghost.accounts.pages.first_operator_page import FirstOperatorPage
from ghost.accounts.pages.own_sessions import SessionsPage
from ghost.accounts.pages.sign_in import SignInView
from ghost.core.admin.model_admin import GhostAdminSite
from ghost.core.http.transport.cache_control import secret

site = cast("GhostAdminSite", admin.site)  # unfold has no types


def _open(address: str, view: type[View], name: str) -> URLPattern:
    """For people who are not signed in yet."""
    return path(address, secret(site.open_view(view.as_view())), name=name)


def _closed(address: str, view: Any, name: str) -> URLPattern:  # noqa: ANN401  # allauth has no types
    """For operators."""
    return path(address, secret(site.admin_view(view.as_view())), name=name)


urlpatterns = [
    _open("login/", SignInView, "account_login"),
    _open("account/second-factor/", confirm_pages.SecondFactorPage, "mfa_authenticate"),
    _open("account/passkey/", confirm_pages.PasskeyView, "mfa_login_webauthn"),
    _open("account/first-operator/<str:token>/", FirstOperatorPage, "first_operator"),
    _open(
        "account/password/reset/",
        forgotten_password.ForgottenPasswordPage,
        "account_reset_password",
    ),
    _open(
        "account/password/reset/<str:uidb64>/<str:token>/",
        forgotten_password.NewPasswordPage,
        "account_reset_password_from_key",
    ),
    _closed("account/", second_factors.AccountPage, "mfa_index"),
    _closed("account/app/add/", second_factors.AddAppPage, "mfa_activate_totp"),
    _closed("account/app/remove/", second_factors.RemoveAppPage, "mfa_deactivate_totp"),
    _closed("account/keys/add/", second_factors.AddKeyPage, "mfa_add_webauthn"),
    _closed("account/keys/<int:pk>/name/", second_factors.NameKeyPage, "mfa_edit_webauthn"),
    _closed("account/keys/<int:pk>/remove/", second_factors.RemoveKeyPage, "mfa_remove_webauthn"),
    _closed("account/codes/", second_factors.CodesPage, "mfa_view_recovery_codes"),
    _closed("account/codes/make/", second_factors.MakeCodesPage, "mfa_generate_recovery_codes"),
    _closed("account/confirm/", confirm_pages.ConfirmByPasswordPage, "account_reauthenticate"),
    _closed("account/confirm/code/", confirm_pages.ConfirmByCodePage, "mfa_reauthenticate"),
    _closed("account/confirm/key/", confirm_pages.ConfirmByKeyPage, "mfa_reauthenticate_webauthn"),
    _closed("account/sessions/", SessionsPage, "usersessions_list"),
    path("password_change/", secret(password.change_password), name="account_change_password"),
]
