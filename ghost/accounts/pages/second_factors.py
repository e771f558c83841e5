"""The pages on which people set up, rename and remove their second factors."""

from __future__ import annotations

from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from ghost.accounts import requirement
from ghost.accounts.pages import forms
from ghost.accounts.pages.frame import Page

INDEX = reverse_lazy("mfa_index")


class AccountPage(Page, TemplateView):
    """One's own account: what it is signed in by."""

    title = _("Your account")
    template_name = "admin/account/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With the second factors, and how many recovery codes are left."""
        return super().get_context_data(**kwargs) | of(self.request.user)


def of(user: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's union of users
    """The second factors of somebody, for a page: `app`, `keys`, `codes_left`."""
    rows = list(Authenticator.objects.filter(user_id=user.pk).order_by("created_at"))
    by_kind = {row.type: row for row in rows}
    codes = by_kind.get(Authenticator.Type.RECOVERY_CODES)
    return {
        "app": by_kind.get(Authenticator.Type.TOTP),
        "keys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "codes": codes,
        "codes_left": codes_left(codes) if codes else 0,
        "has_second_factor": any(row.type in requirement.FACTORS for row in rows),
        "is_required": requirement.is_required(user),
    }


def codes_left(codes: Authenticator) -> int:
    """How many recovery codes were not used yet: counted without decrypting them."""
    return int(app_settings.RECOVERY_CODE_COUNT) - int(codes.data["used_mask"]).bit_count()


class AddAppPage(Page, ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    """An authenticator app: a picture to scan, the secret as text, and the first code."""

    title = _("Add an authenticator app")
    form_class = forms.AddAppForm
    template_name = "admin/account/add_app.html"


class RemoveAppPage(Page, DeactivateTOTPView):  # type: ignore[misc]  # as above
    """Remove it, if another factor is left or none is required."""

    title = _("Remove the authenticator app")
    template_name = "admin/account/remove.html"


class AddKeyPage(Page, AddWebAuthnView):  # type: ignore[misc]  # as above
    """A passkey or security key."""

    title = _("Add a passkey or security key")
    form_class = forms.AddKeyForm
    template_name = "admin/account/add_key.html"


class NameKeyPage(Page, EditWebAuthnView):  # type: ignore[misc]  # as above
    """Another name for one."""

    title = _("Rename the key")
    form_class = forms.NameKeyForm
    template_name = "admin/account/name_key.html"
    success_url = INDEX


class RemoveKeyPage(Page, RemoveWebAuthnView):  # type: ignore[misc]  # as above
    """Remove one, if another factor is left or none is required."""

    title = _("Remove the key")
    template_name = "admin/account/remove.html"
    success_url = INDEX

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ANN401  # Django's form
        """Back to the account; a message if it has to stay."""
        if not get_adapter().can_delete_authenticator(self.object):
            error = get_adapter().validation_error("cannot_delete_authenticator")
            messages.error(self.request, error.message)
            return redirect(INDEX)
        answer: HttpResponse = super().form_valid(form)
        return answer


class CodesPage(Page, ViewRecoveryCodesView):  # type: ignore[misc]  # as above
    """The recovery codes, once."""

    title = _("Recovery codes")
    template_name = "admin/account/codes.html"


class MakeCodesPage(Page, GenerateRecoveryCodesView):  # type: ignore[misc]  # as above
    """New recovery codes in place of the old ones."""

    title = _("Make new recovery codes")
    template_name = "admin/account/make_codes.html"
