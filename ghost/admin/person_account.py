"""The page on which an operator sees where another person is signed in and by what, ends that, and takes
a lost second factor away. Leans on the account rules of `ghost.accounts`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ghost.accounts import notices, operator_sessions
from ghost.accounts.factors import second_factor_changes
from ghost.accounts.pages import second_factors
from ghost.core.admin.model_admin import ModelAdmin


def show(admin: ModelAdmin[User], request: HttpRequest, object_id: str) -> HttpResponse:
    """The page; by POST, `end` (the key of a session, or `all`) or `reset` does what it says."""
    person = admin.get_object(request, object_id)
    if person is None:
        raise Http404
    if not admin.has_change_permission(request, person):
        raise PermissionDenied
    if request.method == "POST":
        return _act(request, person)
    title = _("Sessions and second factor of %s") % person.get_username()
    found = {"person": person, "sessions": operator_sessions.listed(person)}
    context = admin.page(request, title, **found, **second_factors.of(person))
    return TemplateResponse(request, "admin/account/person.html", context)


def _act(request: HttpRequest, person: User) -> HttpResponse:
    if "reset" in request.POST:
        _reset(request, person)
    else:
        wanted = request.POST.get("end", "")
        rows = None if wanted == "all" else operator_sessions.keys_in(wanted)
        number = operator_sessions.end(person, rows, keep=_own(request, person))
        if number and person.pk != request.user.pk:
            notices.send(request, person, "sessions_ended")
        told = ngettext("%d session ended.", "%d sessions ended.", number) % number
        messages.success(request, told)
    return HttpResponseRedirect(request.path)


def _reset(request: HttpRequest, person: User) -> None:
    if second_factor_changes.reset(person, keep=_own(request, person)) is not None:
        messages.success(request, _("The second factor was removed, and the sessions were ended."))


def _own(request: HttpRequest, person: User) -> Any:  # Django's sessions have no types
    return request.session.session_key if person.pk == request.user.pk else None
