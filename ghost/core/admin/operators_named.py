"""Admin pages of rows that name operators: who may not see people can't find the names out either."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db.models import Model
from django.http import HttpRequest

from ghost.core.audit import people

if TYPE_CHECKING:
    from ghost.core.admin.model_admin import ModelAdmin as _Base
else:
    from typing import Generic

    _Base = Generic

M = TypeVar("M", bound=Model)


class NamesOperators(_Base[M]):
    """Mixed into an admin before its base: no search, filter or order by the fields that name them."""

    naming_fields: ClassVar[Collection[str]] = ()

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """The others."""
        return [name for name in super().get_search_fields(request) if self._is_open(name)]

    def get_sortable_by(self, request: HttpRequest) -> Any:  # Django's
        """Columns that are ordered by other fields."""
        if people.can_see_people():
            return super().get_sortable_by(request)
        return [name for name in self.get_list_display(request) if self._is_open(self._order(name))]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Not even in an address that somebody writes himself."""
        return self._is_open(lookup) and super().lookup_allowed(lookup, value, request)

    def _order(self, column: Any) -> str:  # a name or a function
        shown = getattr(self, str(column), None)
        return str(getattr(shown, "admin_order_field", None) or column)

    def _is_open(self, lookup: str) -> bool:
        name = lookup.lstrip("^=@-").partition("__")[0]
        return name not in self.naming_fields or people.can_see_people()
