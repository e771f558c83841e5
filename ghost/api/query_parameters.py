"""Query parameters that no operation has: refused on a write, where one that is misspelt would have it
done in another way than was meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import ValidationError
from ninja.operation import Operation

from teams.policy import SAFE_METHODS

MAX_CHARS = 60
"""Of an unknown name, as an answer repeats it."""


def refuse_unknown(operations: Iterable[Operation]) -> None:
    """Have each of these that writes answer 422 if the address has a parameter that it doesn't take."""
    for operation in operations:
        if not SAFE_METHODS.issuperset(operation.methods):
            operation.view_func = _guarded(operation.view_func, names_of(operation))


def names_of(operation: Operation) -> list[str]:
    """The query parameters that an operation takes, by the names that they have in an address."""
    query = [each for each in operation.models if each.__ninja_param_source__ == "query"]
    return [str(name) for model in query for name in getattr(model, "__ninja_flatten_map__")]  # noqa: B009  # ninja's own, untyped


def _guarded(view: Callable[..., Any], known: Collection[str]) -> Callable[..., Any]:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # any view's
        unknown = [name for name in request.GET if name not in known]
        if unknown:
            raise ValidationError([_error(name, known) for name in unknown])
        return view(request, *args, **kwargs)

    return answer


def _error(name: str, known: Collection[str]) -> dict[str, Any]:
    like = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if like:
        told = _("There is no such parameter; did you mean %s?") % like[0]
    elif known:
        told = _("There is no such parameter; there are: %s.") % ", ".join(known)
    else:
        told = _("There is no such parameter: this operation takes none.")
    return {"type": "unknown_parameter", "loc": ("query", name[:MAX_CHARS]), "msg": told}
