"""The pages that ask who somebody is: the second factor at sign-in, and again before the dangerous."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from ghost.accounts import attempts
from ghost.accounts.pages import forms
from ghost.accounts.pages.frame import Page
from ghost.core.http.transport.fetch_metadata import is_foreign


class SecondFactorPage(Page, AuthenticateView):  # type: ignore[misc]  # allauth has no types
    """After the password: a code, or a key."""

    title = _("Second factor")
    form_class = forms.CodeForm
    webauthn_form_class = forms.KeyForm
    template_name = "admin/account/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With what this person has to answer by."""
        rows = Authenticator.objects.filter(user=self.stage.login.user)
        kinds = set(rows.values_list("type", flat=True))
        return super().get_context_data(**kwargs) | {
            "has_codes": bool(kinds - {Authenticator.Type.WEBAUTHN}),
            "has_keys": Authenticator.Type.WEBAUTHN in kinds,
        }


class PasskeyView(LoginWebAuthnView):  # type: ignore[misc]  # as above
    """Signing in by a passkey: what the script asks for, and what it sends. No page of its own."""

    form_class = forms.PasskeyForm
    http_method_names = ["get", "post"]

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: object) -> None:
        """Who has given a password may take a passkey instead of what comes after it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  # Django's
        """What the browser hands to the passkey. TooManyAttemptsError (429) if a stranger begins a
        session for it too often; PermissionDenied (403) for another site's page, which would use that up."""
        if is_foreign(request):
            raise PermissionDenied("Only the sign-in page begins with a passkey.")
        if request.session.session_key is None:
            attempts.at_passkey(request).take()
        return JsonResponse({"request_options": auth.begin_authentication(user=None)})


class ConfirmPage(Page):
    """It asks again."""

    request: HttpRequest
    title = _("Confirm that it is you")


class ConfirmByPasswordPage(ConfirmPage, ReauthenticateView):  # type: ignore[misc]  # as above
    """By the password of who has no second factor."""

    form_class = forms.ConfirmByPasswordForm
    template_name = "admin/account/confirm.html"


class ConfirmByCodePage(ConfirmPage, CodeAgainView):  # type: ignore[misc]  # as above
    """By a code."""

    form_class = forms.ConfirmByCodeForm
    template_name = "admin/account/confirm.html"


class ConfirmByKeyPage(ConfirmPage, ReauthenticateWebAuthnView):  # type: ignore[misc]  # as above
    """By a passkey or security key."""

    form_class = forms.ConfirmByKeyForm
    template_name = "admin/account/confirm_by_key.html"

    def form_invalid(self, form: Any) -> HttpResponse:  # noqa: ANN401  # Django's form
        """The same page, with what was wrong."""
        for told in form.errors.get("credential", []):
            messages.error(self.request, told)
        return redirect(self.request.get_full_path())
