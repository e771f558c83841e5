"""One's own password: the old one is guessed no faster here than at the door."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from ghost.accounts import attempts, notices
from ghost.accounts.pages.frame import operator


def change_password(request: HttpRequest) -> HttpResponseBase:
    """The admin's page. TooManyAttemptsError (429) if the old password was tried too often."""
    page = admin.site.admin_view(admin.site.password_change, cacheable=True)
    if request.method != "POST" or not request.user.is_authenticated:
        return page(request)
    tried = attempts.at_password(request, request.user.get_username())
    with tried.counted():
        response: HttpResponseBase = page(request)
    if isinstance(response, HttpResponseRedirect):
        tried.forget()
        notices.send(request, operator(request), "password_changed")
    return response
