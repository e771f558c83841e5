"""What the account pages share: the admin's frame, and words of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.views.generic.base import ContextMixin

from ghost.accounts import requirement

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.utils.functional import _StrPromise


class Page(ContextMixin):
    """A view in the admin's frame, under `title`."""

    request: HttpRequest
    title: _StrPromise

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        """With what the admin's pages share; who must set up a second factor sees no way elsewhere."""
        found = super().get_context_data(**kwargs) | admin.site.each_context(self.request)
        found.pop("object", None)  # unfold would look for the list of its model
        if requirement.is_missing(self.request.user):
            found |= {"sidebar_navigation": [], "must_set_up": True}
        return found | {"title": str(self.title)}


def operator(request: HttpRequest) -> User:
    """Whose page it is: nobody comes to an operator's page without having signed in."""
    who: Any = request.user
    return cast("User", who)
