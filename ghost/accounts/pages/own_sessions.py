"""The page on which people see where they are signed in, and end what they don't know."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from ghost.accounts import operator_sessions
from ghost.accounts.pages.frame import Page, operator


class SessionsPage(Page, TemplateView):
    """One's own sessions."""

    title = _("Where you are signed in")
    template_name = "admin/account/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With all of them, the present one first."""
        found = operator_sessions.listed(operator(self.request), self.request.session.session_key)
        return super().get_context_data(**kwargs) | {"sessions": found}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  # Django's
        """End the one that `end` names by its key, or all `others`."""
        wanted = request.POST.get("end", "")
        rows = None if wanted == "others" else operator_sessions.keys_in(wanted)
        number = operator_sessions.end(operator(request), rows, keep=request.session.session_key)
        told = ngettext("%d session ended.", "%d sessions ended.", number) % number
        messages.success(request, told)
        return redirect("usersessions_list")
