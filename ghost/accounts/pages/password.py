"""One's own password: the old one is guessed no faster here than at the door."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse

from ghost.accounts import attempts, notices
from ghost.accounts.pages.frame import operator
from ghost.accounts.pages.password_input import with_shown_passwords


def change_password(request: HttpRequest) -> HttpResponseBase:
    """The admin's page. TooManyAttemptsError (429) if the old password was tried too often."""
    page = admin.site.admin_view(_shown, cacheable=True)
    if request.method != "POST" or not request.user.is_authenticated:
        return page(request)
    tried = attempts.at_password(request, request.user.get_username())
    with tried.counted():
        response: HttpResponseBase = page(request)
    if isinstance(response, HttpResponseRedirect):
        tried.forget()
        notices.send(request, operator(request), "password_changed")
    return response


def _shown(request: HttpRequest) -> HttpResponse:
    """unfold's, which names its form itself; passwords can be shown."""
    response = admin.site.password_change(request)
    if isinstance(response, TemplateResponse) and response.context_data:
        with_shown_passwords(response.context_data["form"])
    return response
