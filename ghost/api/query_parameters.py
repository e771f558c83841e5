"""Query parameters that are refused whatever the operation: unknown ones on a write, where one that is misspelt
would have it done in another way than was meant, and what is no text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import ValidationError
from ninja.operation import Operation

from teams.policy import SAFE_METHODS

MAX_CHARS = 60
"""Of an unknown name, as an answer repeats it."""


def guard(operations: Iterable[Operation]) -> None:
    """Have each of these answer 422 if one of its parameters isn't UTF-8, and each that writes if the address has
    one that it doesn't take: along with whatever else is wrong with the request."""
    for operation in operations:
        is_write = not SAFE_METHODS.issuperset(operation.methods)
        read = operation._get_values  # ninja has no other place for it
        setattr(operation, "_get_values", _guarded(read, names_of(operation), is_write=is_write))  # noqa: B010  # of one instance


def names_of(operation: Operation) -> list[str]:
    """The query parameters that an operation takes, by the names that they have in an address."""
    query = [each for each in operation.models if each.__ninja_param_source__ == "query"]
    return [str(name) for model in query for name in getattr(model, "__ninja_flatten_map__")]  # noqa: B009  # ninja's own, untyped


def _guarded(
    read: Callable[..., Any], known: Collection[str], *, is_write: bool
) -> Callable[..., Any]:
    @wraps(read)
    def values(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # ninja's
        wrong = [_error(name, known) for name in request.GET if is_write and name not in known]
        wrong += [_NO_TEXT | {"loc": ("query", name)} for name in _unreadable(request, known)]
        try:
            found = read(request, *args, **kwargs)
        except ValidationError as error:
            raise ValidationError([*wrong, *error.errors]) from error
        if wrong:
            raise ValidationError(wrong)
        return found

    return values


_NO_TEXT = {"type": "string_unicode", "msg": ""}


def _unreadable(request: HttpRequest, known: Collection[str]) -> list[str]:
    """The parameters whose bytes are not UTF-8: Django reads them as U+FFFD."""
    if not any("\ufffd" in value for name in request.GET for value in request.GET.getlist(name)):
        return []
    raw = quote_from_bytes(request.META["QUERY_STRING"].encode("latin-1"), safe="&=+%;")
    pairs = parse_qsl(raw, keep_blank_values=True, errors="surrogateescape")
    broken = (name for name, value in pairs if any("\udc80" <= c <= "\udcff" for c in value))
    return [name for name in dict.fromkeys(broken) if name in known]


def _error(name: str, known: Collection[str]) -> dict[str, Any]:
    like = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if like:
        told = _("There is no such parameter; did you mean %s?") % like[0]
    elif known:
        told = _("There is no such parameter; there are: %s.") % ", ".join(known)
    else:
        told = _("There is no such parameter: this operation takes none.")
    return {"type": "unknown_parameter", "loc": ("query", name[:MAX_CHARS]), "msg": told}
